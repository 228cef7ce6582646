"""Prolific from outside: its API, its signed links, its webhooks' signatures. No Django, no rows, no settings."""
