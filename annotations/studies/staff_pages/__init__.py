"""Set-up, pre-flight, translations, classes."""
