"""Addresses that probes and Prometheus read."""
