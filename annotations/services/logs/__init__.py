"""The event log, the audit log, and the keys that seal persons in them."""
