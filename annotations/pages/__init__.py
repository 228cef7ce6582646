"""To be said: pages."""
