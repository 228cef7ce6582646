"""A block whose effects on the database are taken back."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import transaction


class _Undo(Exception):
    """Ends the block."""


@contextmanager
def undone() -> Iterator[None]:
    """Take back what is done inside, as a test case does: a durable transaction takes it for none."""
    block: Any = transaction.atomic()
    block._from_testcase = True
    with suppress(_Undo), block:
        yield
        raise _Undo
