"""How far a review is, and what reviewers decided."""
