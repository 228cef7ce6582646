"""Runs and pooled corrections: slices, heads, accuracies by group."""
