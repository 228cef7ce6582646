"""Who withdrew, how far their erasure is, and what a withdrawal would touch."""

import datetime as dt
from collections.abc import Set
from typing import Any

from django.db.models import Max

from annotations.models import SETTLED, JobState, Participant, Payment, Phrase, Release, Study, Submission
from annotations.payments.discrepancies import REVIEW_WITHIN
from annotations.prolific_client.statuses import PAID, Status

_REVIEWED = PAID | {Status.REJECTED, Status.RETURNED}


def withdrawn(study: Study, now: dt.datetime) -> list[dict[str, Any]]:
    """Return the people who withdrew, the last one first.

    ids_kept: who they are on Prolific is still stored, since they are owed something.
    """
    people = study.participants.counted().filter(sessions__withdrawn_at__isnull=False)
    people = people.annotate(last_at=Max("sessions__withdrawn_at")).order_by("-last_at")
    return [
        {
            "person": person,
            "withdrawn_at": person.last_at,  # type: ignore[attr-defined]  # annotated
            "is_erased": not person.sessions.filter(withdrawn_at__isnull=False, erased_at=None).exists(),
            "ids_kept": study.keeps_ids and person.erased_at is None,
            "is_owed": is_owed(person, now),
        }
        for person in people
    ]


def is_owed(participant: Participant, now: dt.datetime) -> bool:
    """Whether the person's ids are still needed to pay them: a submission that nobody reviewed, a bonus not yet paid.

    21 days after the visit Prolific has approved by itself; then a status that we were never told of keeps nothing.
    """
    bonuses = Payment.objects.filter(submission__session__participant=participant, withheld_reason="")
    if bonuses.exclude(batch__state__in=SETTLED).exists():
        return True
    waiting = Submission.objects.filter(
        session__participant=participant,
        session__outcome="completed",
        session__ended_at__gt=now - REVIEW_WITHIN,
    )
    return waiting.exclude(status__in=_REVIEWED).exists()


def find(study: Study, names: Set[str]) -> dict[str, Any] | None:
    """Return the person who has one of the pseudonyms, and what goes if they are withdrawn.

    releases: all that hold them, those that somebody else's withdrawal superseded too: copies of them are about.
    """
    person = study.participants.filter(pseudonym__in=names, erased_at=None).first()
    if person is None:
        return None
    visits = list(person.sessions.order_by("pk"))
    held = Release.objects.filter(study=study, state=JobState.DONE)
    first_at = min((visit.created_at for visit in visits), default=None)
    return {
        "person": person,
        "visits": len(visits),
        "phrases": Phrase.objects.filter(assignment__session__participant=person).count(),
        "releases": held.filter(snapshot_at__gte=first_at).order_by("number") if first_at else [],
        "is_withdrawn": all(visit.withdrawn_at or visit.outcome == "no_consent" for visit in visits),
    }
