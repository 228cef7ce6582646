"""To be said: datasets."""
