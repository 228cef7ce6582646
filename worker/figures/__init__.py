"""Vega-Lite specifications of figures, and their drawings: for pages and releases the same."""
