"""The script of a release: it computes the release's tables again, and imports nothing of Clarify."""
