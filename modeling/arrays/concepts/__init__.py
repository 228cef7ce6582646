"""Phrases that say the same, and what they explain together."""
