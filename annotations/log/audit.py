"""The audit log: what the staff did, written in the transaction of its effect."""

from typing import Any

from django.db.models import Model

from annotations.models import AuditRecord, Study

SYSTEM = "system"  # a scheduled job


def record(
    act: str, of: Model | None, /, *, by: str, subject: str = "", reason: str = "", **detail: Any
) -> AuditRecord:
    """Append one act on a study, on a row of one or of the site, or on what has no row (None).

    `by` is a user name or SYSTEM; `subject`, which only says what the row does not, and `detail` never hold an outside
    id. By itself a study's subject is its slug, that of its rows their kind and number.
    """
    study = of if isinstance(of, Study) else getattr(of, "study", None)
    subject = subject or _named(of, study)
    return AuditRecord.objects.create(act=act, study=study, actor=by, subject=subject, reason=reason, detail=detail)


def _named(row: Model | None, study: Study | None) -> str:
    if row is None or study is None:
        return str(row or "")
    return study.slug if row == study else f"{row._meta.verbose_name} {getattr(row, 'number', row.pk)}"
