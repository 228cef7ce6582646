"""Taking up due rows: how a crash or a poison row is kept from harming its neighbours (docs/decisions/0001)."""

import datetime as dt
from collections.abc import Collection
from math import isqrt
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

MAX_ATTEMPTS = 5


def claim(
    due: QuerySet[Any], *, limit: int, tried: Collection[int] = (), lease: dt.timedelta | None = None
) -> list[int]:
    """Take up the first of the due rows and return their ids, none where nothing is due.

    due: rows of one table with an `attempts` field, oldest first; tried: ids to leave for the next time; lease: how
    long they are held, for a table with a `leased_until` field.
    `attempts` is committed before the work begins, so that a row that kills its worker is counted. Rows go together
    with rows that were tried as often: up to `limit` that nobody has tried, up to √limit that were tried once, and then
    each alone. So its neighbours do not share a row's fate, and yet one that kills is found in some 2 √limit batches.
    Rows that another worker holds are passed over.
    """
    with transaction.atomic():
        free = due.filter(attempts__lt=MAX_ATTEMPTS).exclude(pk__in=tried).only("pk", "attempts")
        rows = list(free.select_for_update(of=("self",), skip_locked=True)[:limit])
        alike = [row.pk for row in rows if row.attempts == rows[0].attempts]
        ids = alike[: _at_once(rows[0].attempts, limit)] if rows else []
        leased = {} if lease is None else {"leased_until": timezone.now() + lease}
        due.model._default_manager.filter(pk__in=ids).update(attempts=F("attempts") + 1, **leased)
    return ids


def give_back(due: QuerySet[Any], ids: Collection[int]) -> None:
    """Let an attempt at claimed rows count for nothing, as the trouble was not theirs; those that are not due stay."""
    due.filter(pk__in=ids, attempts__gt=0).update(attempts=F("attempts") - 1)


def exhausted(due: QuerySet[Any]) -> QuerySet[Any]:
    """Return the due rows that were tried MAX_ATTEMPTS times and that no worker holds: each try ended its worker."""
    return due.filter(attempts__gte=MAX_ATTEMPTS).select_for_update(of=("self",), skip_locked=True)


def _at_once(attempts: int, limit: int) -> int:
    """How many rows that were tried so often share a batch."""
    return (limit, isqrt(limit), 1)[min(attempts, 2)]
