"""Indexes of data sets, and searches in them."""
