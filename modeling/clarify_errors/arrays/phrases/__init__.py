"""Phrases: text, error scores, null level, vocabulary level."""
