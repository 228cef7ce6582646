"""The task's page and its replies."""
