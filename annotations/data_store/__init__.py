"""Files that are named by the SHA-256 of their content: heads and predictions, whose digests stand in rows."""
