"""Lists that can be filtered by what they offer at their side, and by nothing else.

Django takes every column of a list's own rows as a filter, shown or not. Whether rows are left then tells a hidden
value one character at a time.
"""

from collections.abc import Iterator
from typing import Any

from django.db.models import ForeignKey, Model
from django.http import HttpRequest

from annotations.admin.common.typed_classes import ModelAdmin

_LARGEST_PART = {"year": 9998, "month": 12, "day": 31}  # Django adds a year to the first and a month to the second
_DIGITS = 4


class OfferedFilters(ModelAdmin[Any]):
    """Refuses each lookup that no link on the list's page makes, and each value that no link can have."""

    actions = None  # what is done to many rows at once takes any value as a row's id

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Whether the address of the list may hold this filter; a refused one is answered 400."""
        if "\0" in value:  # PostgreSQL would refuse it only when the query runs
            return False
        column, _, part = lookup.rpartition("__")
        if column and column == self.date_hierarchy:
            return part in _LARGEST_PART and _is_within(value, _LARGEST_PART[part])
        return lookup in self._offered(request)

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """A row is known by its id alone."""
        return to_field == self.opts.pk.name

    def _offered(self, request: HttpRequest | None) -> Iterator[str]:
        entries: Any = self.list_filter if request is None else self.get_list_filter(request)
        for path in (entry if isinstance(entry, str) else entry[0] for entry in entries):
            yield from (path, f"{path}__exact", f"{path}__isnull")
            if isinstance(field_at(self.model, path), ForeignKey):
                yield f"{path}__id__exact"


def field_at(model: type[Model], path: str) -> Any:
    """Return the field at the end of a path of names, as in "assignment__session__study"."""
    field: Any = None
    at: Any = model
    for name in path.split("__"):
        field = at._meta.get_field(name)
        at = field.related_model
    return field


def _is_within(value: str, largest: int) -> bool:
    return value.isascii() and value.isdecimal() and len(value) <= _DIGITS and 1 <= int(value) <= largest
