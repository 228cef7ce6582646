"""Phrases merged into concepts, and what concepts explain together."""
