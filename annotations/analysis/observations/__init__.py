"""The rows that an analysis stands on."""
