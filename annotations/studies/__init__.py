"""To be said: studies."""
