"""Clarify on one machine: `clarify demo` and `make test`, with PostgreSQL and Valkey from wheels."""
