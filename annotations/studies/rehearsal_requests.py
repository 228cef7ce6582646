"""Asking for a rehearsal."""

import secrets

from django.db import transaction

from annotations.base.service_errors import NotPossible
from annotations.models import UNFINISHED, Rehearsal, Study, StudyState
from annotations.queue import jobs
from annotations.studies.lifecycle import configuration_now

MAX_PEOPLE = 52


USUAL_PEOPLE = 4


@transaction.atomic
def request_rehearsal(study: Study, n_people: int, *, by: str) -> Rehearsal:
    """Ask the workers to send simulated participants through the study as it is now.

    Raises StudyNotReady for a draft that nobody could visit, NotPossible for a number out of range, for a
    study that is closed and while others are still going through it.
    """
    Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    study.refresh_from_db()
    if study.state == StudyState.CLOSED:
        raise NotPossible("The study is closed, so it cannot be rehearsed.")
    if not 1 <= n_people <= MAX_PEOPLE:
        raise NotPossible(f"Choose 1 to {MAX_PEOPLE} simulated participants.")
    if study.rehearsals.filter(state__in=UNFINISHED).exists():
        raise NotPossible("A rehearsal is still running. Wait until it is finished.")
    rehearsal = Rehearsal(
        study=study,
        configuration_digest=configuration_now(study).digest,
        n_people=n_people,
        n_total=n_people,
        seed=secrets.randbits(31),
        requested_by=by,
    )
    return jobs.ask(rehearsal, "rehearsal_requested", people=n_people)
