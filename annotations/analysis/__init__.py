"""What a study found: plain rows in, tables and figures out. What each number is: docs/analysts/statistics.md."""
