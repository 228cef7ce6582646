"""Intervals, permutation tests, saturation."""
