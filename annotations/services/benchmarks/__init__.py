"""Measuring them, and ranking keywords."""
