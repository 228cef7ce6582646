"""To be said: tables."""
