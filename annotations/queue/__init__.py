"""To be said: queue."""
