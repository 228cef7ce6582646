"""Studies, tables and releases over the HTTP API."""
