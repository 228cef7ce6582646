"""To be said: phrases."""
