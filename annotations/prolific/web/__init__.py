"""The address of Prolific's webhooks."""
