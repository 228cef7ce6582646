"""The rows of a benchmark: what each method is given, and how it is trained."""
