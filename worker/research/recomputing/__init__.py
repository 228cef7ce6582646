"""Stored numbers, computed again."""
