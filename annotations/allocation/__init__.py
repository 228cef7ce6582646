"""To be said: allocation."""
