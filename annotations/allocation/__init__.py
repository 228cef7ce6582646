"""Who gets a place in a study, in which condition and in which order of tasks."""
