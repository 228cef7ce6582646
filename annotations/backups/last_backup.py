"""The last back-up, by what `manage.py back_up` notes in the audit log once each file was read again and agrees."""

import datetime as dt
from dataclasses import dataclass

from annotations.models import AuditRecord

MADE = "backed_up"


@dataclass(frozen=True)
class BackUp:
    """made_at: the moment that it is of; checked_at: when all of it had been compared with its digests."""

    made_at: dt.datetime
    checked_at: dt.datetime
    folder: str
    n_bytes: int


def last() -> BackUp | None:
    """Return the newest back-up; None where none was made yet."""
    made = AuditRecord.objects.filter(act=MADE).first()
    if made is None:
        return None
    return BackUp(dt.datetime.fromisoformat(made.detail["of"]), made.occurred_at, made.subject, made.detail["bytes"])
