"""Pools of images, gathering from them, and reviews."""
