"""The comprehension check: two tries; a second failure is an outcome of its own, stored before any page shows it."""

import uuid
from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from annotations.allocation import places
from annotations.base.service_errors import CheckIncomplete, CheckUnchanged, ClientUuidReused, StageMismatch
from annotations.log import events
from annotations.models import AnnotationSession, CheckAttempt, Outcome, Stage, event_kinds
from annotations.models.visit import CHECK_TRIES
from annotations.visits.check_questions import QUESTIONS
from annotations.visits.sessions import advance, begin_tasks, refuse_closed


def answer(session: AnnotationSession, *, client_uuid: uuid.UUID, answers: Mapping[str, str]) -> CheckAttempt:
    """Store one try: on to the tasks with every answer right, to the outcome FAILED_CHECK after the last try.

    answers: the key of the chosen option by the question's name. The same client uuid and answers again return the
    stored try. Raises CheckIncomplete and CheckUnchanged, which are no try, ClientUuidReused, StageMismatch outside
    of the check, StudyNotOpen in a closed study.
    """
    chosen = {question.name: answers.get(question.name, "") for question in QUESTIONS}
    if not all(question.has_option(chosen[question.name]) for question in QUESTIONS):
        raise CheckIncomplete
    refuse_closed(session.study)
    with transaction.atomic():
        locked = AnnotationSession.objects.select_for_update(no_key=True).get(pk=session.pk)
        stored = locked.check_attempts.filter(client_uuid=client_uuid).first()
        if stored is not None and stored.answers != chosen:
            raise ClientUuidReused
        if stored is None:
            if locked.stage != Stage.CHECK:
                raise StageMismatch
            last = locked.check_attempts.last()
            if last is not None and last.answers == chosen:
                raise CheckUnchanged
            stored = _store(locked, client_uuid, chosen)
            events.record(event_kinds.CHECK_TRIED, session, stored)
            _follow(session, stored)
    session.refresh_from_db(fields=["stage", "outcome", "ended_at"])
    return stored


def _store(session: AnnotationSession, client_uuid: uuid.UUID, chosen: dict[str, str]) -> CheckAttempt:
    return CheckAttempt.objects.create(
        session=session,
        client_uuid=client_uuid,
        number=session.check_attempts.count() + 1,
        answers=chosen,
        n_wrong=sum(chosen[question.name] != question.right for question in QUESTIONS),
    )


def _follow(session: AnnotationSession, attempt: CheckAttempt) -> None:
    if attempt.n_wrong == 0:
        begin_tasks(session, Stage.CHECK)
        events.record(event_kinds.CHECK_PASSED, session, number=attempt.number)
    elif attempt.number == CHECK_TRIES:
        now = timezone.now()
        advance(session, Stage.CHECK, stage=Stage.NOT_PASSED, outcome=Outcome.FAILED_CHECK, ended_at=now)
        places.release(session, places.FAILED_CHECK)
        events.record(event_kinds.CHECK_FAILED, session, n_wrong=attempt.n_wrong)
