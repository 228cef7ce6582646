"""To be said: staff_pages."""
