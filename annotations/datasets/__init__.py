"""Data sets, their imports, base models and images, and searches in them."""
