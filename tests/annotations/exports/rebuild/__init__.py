"""The script of a release."""
