"""Pages of data sets, imports and searches."""
