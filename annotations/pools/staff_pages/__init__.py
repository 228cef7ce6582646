"""Pages of pools, gathering and review."""
