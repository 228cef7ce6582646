"""Data sets, their imports and images, and the base models trained on them."""
