"""The tables of every export, and their rows."""
