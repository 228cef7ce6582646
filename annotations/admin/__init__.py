"""Django's admin, arranged for the coordinator: the study's page is its cockpit, all that people did is read-only."""

from annotations.admin import accounts, imports, library, results, sessions, studies

__all__ = ["accounts", "imports", "library", "results", "sessions", "studies"]
