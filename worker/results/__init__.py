"""To be said: results."""
