"""Modules that no capability owns: errors, checks, digests, progress."""
