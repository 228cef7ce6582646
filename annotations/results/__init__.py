"""A study as it is now: read from the database, analysed, stored, shown."""
