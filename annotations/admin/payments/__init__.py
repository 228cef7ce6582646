"""Both ledgers, and money."""
