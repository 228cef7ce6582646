"""To be said: staff."""
