"""What no capability owns and no row is needed for: refusals, stored files, columns of tables, counters."""
