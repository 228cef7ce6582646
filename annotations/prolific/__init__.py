"""Submissions, what is asked of Prolific about them and about studies, and its webhooks."""
