"""Columns of the admin's lists and read-only fields of its pages that one expression says."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString


def column(words: str, shown: str | Callable[[Any], Any], ordering: str | None = None) -> Callable[[Any, Any], Any]:
    """Return a method of an admin class that shows of a row what is computed of it, or an attribute by its path."""
    of_row = attrgetter(shown) if isinstance(shown, str) else shown
    return admin.display(description=words, ordering=ordering)(lambda _admin, row: of_row(row))


def marked_state(row: Any) -> SafeString:
    """Return the words of a row's state, coloured by it."""
    return format_html('<span class="mark mark-{}">{}</span>', row.state, row.get_state_display())
