"""The audit log as its page and its file show it: filtered, newest first."""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from annotations.models import AuditRecord

HEADER = ("occurred_at", "study", "actor", "act", "subject", "reason", "detail")


@dataclass(frozen=True)
class Filters:
    """What to leave out: an empty one leaves nothing out. Days are whole and in UTC; both are within."""

    actor: str = ""
    act: str = ""
    subject: str = ""
    since: dt.date | None = None
    until: dt.date | None = None


def filtered(records: QuerySet[AuditRecord], filters: Filters) -> QuerySet[AuditRecord]:
    """Return the records that pass."""
    equal = {name: value for name in ("actor", "act") if (value := getattr(filters, name))}
    records = records.filter(**equal)
    if filters.subject:
        records = records.filter(subject__icontains=filters.subject)
    if filters.since:
        records = records.filter(occurred_at__gte=_midnight(filters.since))
    if filters.until:
        records = records.filter(occurred_at__lt=_midnight(filters.until + dt.timedelta(days=1)))
    return records


def cells(records: QuerySet[AuditRecord]) -> Iterator[tuple[str, ...]]:
    """Yield the cells of each record under HEADER, oldest first."""
    for record in records.select_related("study").order_by("id").iterator():
        yield (
            record.occurred_at.isoformat(),
            record.study.slug if record.study else "",
            record.actor,
            record.act,
            record.subject,
            record.reason,
            json.dumps(record.detail, ensure_ascii=False, sort_keys=True) if record.detail else "",
        )


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)
