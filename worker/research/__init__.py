"""Research tools that a running site does not need."""
