"""To be said: base."""
