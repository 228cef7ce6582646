"""A study's statistics: computed by a worker, stored, read by pages."""
