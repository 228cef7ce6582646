"""The end of a study's retention period: what ties its data to persons is destroyed, and the data stay anonymous."""

import datetime as dt

from django.db import transaction

from annotations.base.row_changes import change
from annotations.log import audit, withdrawal_ledger
from annotations.log.withdrawal_ledger import Act
from annotations.models import IdentityKey, Study, StudyState, Submission


def ends_at(study: Study) -> dt.datetime | None:
    """Return when a closed study's ids are destroyed; None where nothing is planned, or it was done."""
    if study.closed_at is None or study.retention_days is None or not study.keeps_ids:
        return None
    return study.closed_at + dt.timedelta(days=study.retention_days)


def due(now: dt.datetime) -> list[Study]:
    """Return the studies whose retention period is over, and whose ids are still there."""
    closed = Study.objects.filter(state=StudyState.CLOSED, retention_days__isnull=False).exclude(
        sealed_pseudonym_key=b""
    )
    return [study for study in closed.order_by("pk") if (end := ends_at(study)) is not None and end <= now]


def apply_due(now: dt.datetime) -> int:
    """Destroy the ids of every study that is due; returns how many studies."""
    return sum(destroy_ids(study, by=audit.SYSTEM) for study in due(now))


@transaction.atomic
def destroy_ids(study: Study, *, by: str) -> bool:
    """Destroy every id from outside and every key of a closed study, and say whether there were any.

    Phrases, scores and runs stay, under pseudonyms that lead to nobody. What the log holds sealed cannot be read again,
    so it can be replayed no further than its plain part.
    """
    locked = Study.objects.select_for_update().get(pk=study.pk)
    if locked.state != StudyState.CLOSED or not locked.keeps_ids:
        return False
    keys, _by_model = IdentityKey.objects.filter(study=locked).delete()
    ids = Submission.objects.filter(study=locked, sealed_ids__isnull=False).update(sealed_ids=None, entered_code="")
    locked.sessions.update(sealed_withdrawal_token=b"")
    change(locked, sealed_pseudonym_key=b"")
    audit.record("ids_destroyed", locked, by=by, keys=keys, submissions=ids)
    first = locked.sessions.order_by("pk").values_list("public_id", flat=True)[:1]  # in each back-up that has any
    withdrawal_ledger.keep(Act.IDS_DESTROYED, first)
    return True
