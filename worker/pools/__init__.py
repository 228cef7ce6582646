"""Imports of pools, candidates, and training with what was gathered."""
