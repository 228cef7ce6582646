"""To be said: site."""
