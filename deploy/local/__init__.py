"""Clarify on one machine: `make demo` and `make test`, with PostgreSQL and Valkey from wheels."""
