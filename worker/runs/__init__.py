"""Runs, controls and random slices, trained; predictions with a head."""
