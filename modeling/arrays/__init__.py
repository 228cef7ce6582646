"""The half of the method that needs NumPy alone."""
