"""The audit log as its page and its file show it: filtered, newest first."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import QuerySet

from annotations.models import AuditRecord

HEADER = ("occurred_at", "study", "actor", "act", "subject", "reason", "detail")


# How records are looked up by each field of the page's form; days are whole, in UTC, and both are within.
LOOKUPS = {
    "actor": "actor",
    "act": "act",
    "subject": "subject__icontains",
    "since": "occurred_at__date__gte",
    "until": "occurred_at__date__lte",
}


def filtered(records: QuerySet[AuditRecord], given: Mapping[str, Any]) -> QuerySet[AuditRecord]:
    """Return the records that pass; given: by the names of LOOKUPS, an empty one leaves nothing out."""
    return records.filter(**{LOOKUPS[name]: value for name, value in given.items() if value})


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
