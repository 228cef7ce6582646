"""Accounts, roles, second factors, access tokens: who may do what."""
