"""Changing some fields of a row and leaving the others to whoever else writes them."""

from typing import Any

from django.db.models import Model


def change(row: Model, **values: Any) -> None:
    """Give some fields their values, in the object and in the database."""
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))
