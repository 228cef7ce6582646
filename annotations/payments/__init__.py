"""To be said: payments."""
