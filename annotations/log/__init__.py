"""The event log and the audit log, and the keys that seal persons in them."""
