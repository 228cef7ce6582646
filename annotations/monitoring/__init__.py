"""What the staff watch: flow, queues, alarms, metrics."""
