"""Rows that workers take up: claims, jobs, heartbeats, wake-ups."""
