"""To be said: rebuild."""
