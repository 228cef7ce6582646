"""Retraining with one phrase, its control, its random slices, and its head as a file."""
