"""The script of a release: computes its tables again from its files, and compares."""
