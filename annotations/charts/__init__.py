"""Draw the figures of `annotations.analysis.figures.study_figures` as SVG, for a page or as a file.

A page's stylesheet colours them.

Nothing in it needs a script or a style attribute, so it stands under a strict content policy.
"""
