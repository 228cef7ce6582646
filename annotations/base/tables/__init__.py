"""Columns that become CSV, Parquet, API and data dictionary. No Django."""
