"""Participants' pages before, between and after the tasks."""
