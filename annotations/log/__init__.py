"""To be said: log."""
