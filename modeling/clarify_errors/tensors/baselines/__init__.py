"""The methods that the paper's tables compare with, as published.

Each takes arrays and a random number generator, and returns a classifier with `predict`, for features of the kind that
it was trained on.
"""
