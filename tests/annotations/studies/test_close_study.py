"""Closing a study."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from annotations.base.service_errors import NotPossible
from annotations.models import AssignmentState, EndReason, Study, StudyState
from annotations.phrases import assignments, phrase_submission
from annotations.studies import lifecycle
from tests.support.actors import Visit
from tests.support.locks import wait_for_a_waiting_lock


def test_a_closed_study_ends_every_assignment_and_says_why(open_study: Study, alice: Visit, bob: Visit) -> None:
    lifecycle.close_study(open_study)
    assert open_study.state == StudyState.CLOSED
    assert open_study.closed_at is not None
    for visit in (alice, bob):
        visit.assignment.refresh_from_db()
        assert visit.assignment.state == AssignmentState.ENDED
        assert visit.assignment.end_reason == EndReason.STUDY_CLOSED


def test_an_assignment_that_ended_before_keeps_its_reason(open_study: Study, alice: Visit) -> None:
    ended = alice.assignment
    ended.state, ended.end_reason, ended.ended_at = AssignmentState.ENDED, EndReason.DONE, ended.started_at
    ended.save()
    lifecycle.close_study(open_study)
    ended.refresh_from_db()
    assert ended.end_reason == EndReason.DONE


def test_a_paused_study_can_be_closed(open_study: Study) -> None:
    lifecycle.pause_study(open_study)
    lifecycle.close_study(open_study)
    assert open_study.state == StudyState.CLOSED


def test_a_closed_study_stays_closed(open_study: Study) -> None:
    lifecycle.close_study(open_study)
    for act in (lifecycle.open_study, lifecycle.resume_study, lifecycle.pause_study, lifecycle.close_study):
        with pytest.raises(NotPossible, match="closed"):
            act(open_study)


@pytest.mark.django_db(transaction=True)
def test_a_study_that_closes_and_a_phrase_on_its_way_do_not_block_each_other(open_study: Study, alice: Visit) -> None:
    def close() -> None:
        try:
            lifecycle.close_study(open_study)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assignments.lock(alice.assignment)
            closing = pool.submit(close)
            wait_for_a_waiting_lock()
            phrase, _ = phrase_submission.submit(alice.assignment, client_uuid=uuid.uuid4(), text="red")
        closing.result()
    phrase.refresh_from_db()
    alice.assignment.refresh_from_db()
    assert phrase.text == "red"
    assert alice.assignment.end_reason == EndReason.STUDY_CLOSED
