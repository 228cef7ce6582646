"""To be said: monitoring."""
