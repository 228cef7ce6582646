"""To be said: recomputing."""
