"""To be said: figures."""
