"""The script of a release: it computes the release's tables again, by the functions that lie beside it there."""
