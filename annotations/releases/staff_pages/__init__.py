"""Moderation and releases."""
