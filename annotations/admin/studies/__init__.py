"""Set-up, pre-flight and life of a study."""
