"""Accounts, roles, second factors, access tokens."""
