"""Signing in, one's own tokens and second factor, accounts, a study's members."""
