"""The half of the method that needs torch."""
