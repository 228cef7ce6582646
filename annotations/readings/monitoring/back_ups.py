"""The last back-up, by the audit log: `manage.py back_up` and `check_back_up` note what they did."""

import datetime as dt
from dataclasses import dataclass

from annotations.models import AuditRecord

MADE, CHECKED = "backed_up", "back_up_checked"


@dataclass(frozen=True)
class BackUp:
    """made_at: the moment that it is of. checked_at: when each of its files was last found to be whole."""

    made_at: dt.datetime
    folder: str
    n_bytes: int
    checked_at: dt.datetime | None


def last() -> BackUp | None:
    """Return the newest back-up; None where none was made yet."""
    made = AuditRecord.objects.filter(act=MADE).first()
    if made is None:
        return None
    of = made.detail["of"]
    checked = AuditRecord.objects.filter(act=CHECKED, detail__of=of).first()
    return BackUp(
        dt.datetime.fromisoformat(of), made.subject, made.detail["bytes"], checked.occurred_at if checked else None
    )
