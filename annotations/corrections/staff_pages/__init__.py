"""The page of a study's corrections."""
