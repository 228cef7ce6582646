"""To be said: keywords."""
