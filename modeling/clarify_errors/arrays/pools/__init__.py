"""Pools of unlabelled images: their listing, the choice of candidates, agreement of reviewers, and gathered data."""
