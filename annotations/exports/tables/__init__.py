"""Columns and rows of the tables of results."""
