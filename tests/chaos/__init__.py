"""Faults on a site that people use, and a plain queue beside it that loses some (docs/reliability.md)."""
