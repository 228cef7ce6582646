"""The audit log: what the staff did, written in the transaction of its effect."""

from typing import Any

from annotations.models import AuditRecord, Study

SYSTEM = "system"  # a scheduled job


def record(
    act: str, *, study: Study | None, by: str, subject: str = "", reason: str = "", **detail: Any
) -> AuditRecord:
    """Append one act. `by` is a user name or SYSTEM; `subject` and `detail` never hold an outside id."""
    return AuditRecord.objects.create(act=act, study=study, actor=by, subject=subject, reason=reason, detail=detail)
