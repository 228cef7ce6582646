"""The kit of the HTTP API: filters, pages, permissions, errors, schema."""
