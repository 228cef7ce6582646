"""Simulated participants: they visit the same pages as people, over HTTP, and know nothing else of the site."""
