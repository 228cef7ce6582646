"""Pools, the gatherings of a study, and the review of images."""
