"""To be said: corrections."""
