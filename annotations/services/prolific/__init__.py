"""Submissions, requests and webhooks."""
