"""Who gets which place, condition and order of tasks."""
