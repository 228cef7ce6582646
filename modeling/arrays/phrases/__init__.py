"""Phrases: text, error scores, null level, keywords."""
