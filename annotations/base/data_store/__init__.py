"""Files that rows name by their SHA-256, in a folder or a bucket."""
