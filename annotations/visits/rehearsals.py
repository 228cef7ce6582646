"""Rehearsals: simulated participants who go through a study before people do, and taking back what they left."""

from django.db import transaction
from django.db.models import Model

from annotations.base.service_errors import NotPossible
from annotations.log import audit
from annotations.models import (
    UNCOUNTED,
    UNFINISHED,
    Allocation,
    AnnotationSession,
    Consent,
    Event,
    IdentityKey,
    Participant,
    Study,
    StudyState,
    Submission,
)
from annotations.visits import erasure

# What a visit leaves beside the work in it.
_LEFT: tuple[type[Model], ...] = (Consent, Allocation, Submission, Event)


@transaction.atomic
def discard(study: Study, *, by: str) -> int:
    """Delete all that previews and simulated participants left in the study; return how many visits that were.

    In a draft the rehearsals and the configurations that they ran under go too, so that its tasks can be deleted.
    Raises NotPossible while simulated participants are on their way.
    """
    locked = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    if study.rehearsals.filter(state__in=UNFINISHED).exists():
        raise NotPossible("A rehearsal is still running. Wait until it is finished.")
    visits = list(AnnotationSession.objects.filter(study=study, kind__in=UNCOUNTED))
    people = Participant.objects.filter(sessions__in=visits)  # nobody is in a rehearsal and in the study
    person_ids, pseudonyms = list(people.values_list("pk", flat=True)), list(people.values_list("pseudonym", flat=True))
    erasure.delete_work(visits)
    for model in _LEFT:
        model._default_manager.filter(session__in=visits).delete()
    AnnotationSession.objects.filter(study=study, kind__in=UNCOUNTED).delete()
    IdentityKey.objects.filter(study=study, pseudonym__in=pseudonyms).delete()
    Participant.objects.filter(pk__in=person_ids).delete()
    if locked.state == StudyState.DRAFT:
        study.rehearsals.all().delete()
        study.configurations.all().delete()
    audit.record("rehearsals_discarded", study, by=by, visits=len(visits))
    return len(visits)
