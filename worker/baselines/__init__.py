"""Other methods."""
