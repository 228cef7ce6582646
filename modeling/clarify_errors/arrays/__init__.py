"""The half of the method that needs only NumPy."""
