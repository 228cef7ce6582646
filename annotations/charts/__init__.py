"""Draws the figures of `annotations.analysis.figures.study_figures` as SVG: for a page, whose stylesheet colours them, and as a file.

Nothing in it needs a script or a style attribute, so it stands under a strict content policy.
"""
