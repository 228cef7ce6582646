"""Live, the audit log and the jobs."""
