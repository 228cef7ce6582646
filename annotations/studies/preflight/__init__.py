"""Checks before a study opens, a module for each subject."""
