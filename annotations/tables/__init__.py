"""What a table of results is: its columns, and how its cells are written."""
