"""Taking up due rows: how a crash or a poison row is kept from harming its neighbours (docs/decisions/0001)."""

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

MOST_ATTEMPTS = 5


def claim(due: QuerySet[Any], *, limit: int, tried: Collection[int] = ()) -> list[int]:
    """Take up the first of the due rows and return their ids, none where nothing is due.

    due: rows of one table with an `attempts` field, oldest first; tried: ids to leave for the next time.
    `attempts` is committed before the work begins, so that a row that kills its worker is counted. Rows that nobody has
    tried go together; a row that was tried before goes alone, so that its neighbours do not share its fate. Rows that
    another worker holds are passed over.
    """
    with transaction.atomic():
        free = due.filter(attempts__lt=MOST_ATTEMPTS).exclude(pk__in=tried).only("pk", "attempts")
        rows = list(free.select_for_update(of=("self",), skip_locked=True)[:limit])
        ids = [row.pk for row in rows if row.attempts == 0]
        if rows and rows[0].attempts:
            ids = [rows[0].pk]
        due.model._default_manager.filter(pk__in=ids).update(attempts=F("attempts") + 1)
    return ids


def exhausted(due: QuerySet[Any]) -> QuerySet[Any]:
    """Return the due rows that were tried MOST_ATTEMPTS times and that no worker holds: each try ended its worker."""
    return due.filter(attempts__gte=MOST_ATTEMPTS).select_for_update(of=("self",), skip_locked=True)
