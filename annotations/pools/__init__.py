"""To be said: pools."""
