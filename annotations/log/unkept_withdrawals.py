"""Withdrawals and erasures that an older back-up would undo: nobody could write them beside the back-ups so far."""

import datetime as dt
from uuid import UUID

from annotations.log import withdrawal_ledger
from annotations.log.withdrawal_ledger import Act
from annotations.models import AnnotationSession

_ALWAYS = dt.datetime.min.replace(tzinfo=dt.UTC)


def unkept() -> list[tuple[Act, UUID, dt.datetime]]:
    """Return what is missing there: act, visit, and when it was. Raises OSError where the folder cannot be read."""
    since, visits = withdrawal_ledger.kept_since() or _ALWAYS, AnnotationSession.objects.order_by("study_id", "pk")
    first = visits.filter(study__sealed_pseudonym_key=b"").distinct("study_id")
    done = {
        Act.WITHDRAWN: (visits.filter(withdrawn_at__gte=since), "withdrawn_at"),
        Act.FORGOTTEN: (visits.filter(participant__erased_at__gte=since), "participant__erased_at"),
        Act.IDS_DESTROYED: (first, "study__closed_at"),
    }
    there = {act: withdrawal_ledger.kept(act) for act in done}
    every = ((act, *row) for act, (rows, when) in done.items() for row in rows.values_list("public_id", when))
    return [(act, visit, at) for act, visit, at in every if visit not in there[act]]


def n_unkept() -> int | None:
    """Return how many these are; None where the folder cannot be read."""
    try:
        return len(unkept())
    except OSError:
        return None
