"""To be said: web."""
