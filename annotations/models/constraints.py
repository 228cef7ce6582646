"""What must never be false of stored rows, said in a line."""

from typing import Any

from django.db.models import CheckConstraint, Q, UniqueConstraint


def rule(name: str, condition: Q | None = None, *, says: str = "", **fields: Any) -> CheckConstraint:
    """Return the rule that a condition, and what is said of fields, hold of each row. says: why it was refused."""
    return CheckConstraint(condition=(condition or Q()) & Q(**fields), name=name, violation_error_message=says or None)


def iff(one: Q, other: Q) -> Q:
    """Return the condition that two conditions hold of the same rows; neither may be unknown (of a column's null)."""
    return (one & other) | (~one & ~other)


def once(name: str, *fields: str, **options: Any) -> UniqueConstraint:
    """Return the rule that the values of some fields stand together in one row alone."""
    return UniqueConstraint(fields=fields, name=name, **options)
