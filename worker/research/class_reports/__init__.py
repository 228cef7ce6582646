"""To be said: class_reports."""
