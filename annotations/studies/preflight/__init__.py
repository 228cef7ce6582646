"""To be said: preflight."""
