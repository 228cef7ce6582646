"""To be said: api."""
