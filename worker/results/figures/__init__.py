"""Figures from their values to SVG."""
