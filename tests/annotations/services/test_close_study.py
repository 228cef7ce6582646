"""Closing a study."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from annotations.models import AssignmentState, EndReason, Study, StudyState
from annotations.services import assignments, phrases, studies
from tests.actors import Visit


def test_a_closed_study_ends_every_assignment_and_says_why(open_study: Study, alice: Visit, bob: Visit) -> None:
    studies.close_study(open_study)
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
    studies.close_study(open_study)
    ended.refresh_from_db()
    assert ended.end_reason == EndReason.DONE


def test_a_paused_study_can_be_closed(open_study: Study) -> None:
    studies.pause_study(open_study)
    studies.close_study(open_study)
    assert open_study.state == StudyState.CLOSED


def test_a_closed_study_stays_closed(open_study: Study) -> None:
    studies.close_study(open_study)
    for act in (studies.open_study, studies.resume_study, studies.pause_study, studies.close_study):
        with pytest.raises(studies.StudyStateMismatch, match="closed"):
            act(open_study)


@pytest.mark.django_db(transaction=True)
def test_a_study_that_closes_and_a_phrase_on_its_way_do_not_block_each_other(open_study: Study, alice: Visit) -> None:
    def close() -> None:
        try:
            studies.close_study(open_study)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assignments.lock(alice.assignment)
            closing = pool.submit(close)
            _wait_for_a_waiting_lock()
            phrase, _ = phrases.submit(alice.assignment, client_uuid=uuid.uuid4(), text="red")
        closing.result()
    phrase.refresh_from_db()
    alice.assignment.refresh_from_db()
    assert phrase.text == "red"
    assert alice.assignment.end_reason == EndReason.STUDY_CLOSED


def _wait_for_a_waiting_lock() -> None:
    """Return once another connection to this database waits for a lock."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")
