"""To be said: runs."""
