"""Captions of images, keywords taken from them, and how well each keyword names errors."""
