"""Reconciliation with Prolific, payments and costs."""
