"""To be said: benchmarks."""
