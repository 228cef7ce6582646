"""To be said: data_store."""
