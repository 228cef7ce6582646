"""Payments, reconciliation and the record of a submission."""
