"""To be said: visits."""
