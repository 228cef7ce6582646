"""Whether a study can open: its configuration, what it lacks, and pre-flight."""
