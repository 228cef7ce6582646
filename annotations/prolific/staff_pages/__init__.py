"""A study's page of Prolific."""
