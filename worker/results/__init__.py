"""Analyses that pages ask for, and how figures are drawn."""
