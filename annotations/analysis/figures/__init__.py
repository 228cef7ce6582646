"""Figures as plain values."""
