"""What the staff watch: flow, queues, alarms, the audit log's page."""
