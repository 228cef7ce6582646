"""To be said: research."""
