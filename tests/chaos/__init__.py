"""Faults on a site that people use, and short rounds on mutated sites (docs/operators/reliability.md)."""
