"""Results and concepts."""
