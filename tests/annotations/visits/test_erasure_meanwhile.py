"""Erasing a person who withdrew in the middle, or while a worker or an open page is still at it."""

import datetime as dt
import threading
import uuid

import pytest
from django.db import connection, transaction
from django.utils import timezone

from annotations.log.replay import differences, replay
from annotations.models import (
    AnnotationSession,
    AuditRecord,
    Correction,
    DeviceReport,
    IdentityKey,
    Participant,
    Phrase,
    Span,
    SpanKind,
)
from annotations.queue import jobs
from annotations.visits import device_reports, erasure, sessions, time_spans
from annotations.visits.withdrawal import withdraw
from tests.support.logged import stored
from tests.support.steps import submit, submit_and_score

LATER = dt.timedelta(days=22)


def test_somebody_who_stopped_in_the_middle_is_owed_nothing(alice):
    submit_and_score(alice, "red")
    withdraw(alice.session)
    assert erasure.erase_due(timezone.now()) == (1, 1)


def test_all_visits_of_a_person_go_together(alice, open_study):
    person, study, _session = alice.external_ids.values()
    again = sessions.enter(open_study, participant_id=person, study_id=study, session_id="another")
    sessions.give_consent(again)
    withdraw(alice.session)
    assert alice.participant.sessions.count() == 2
    assert not alice.participant.sessions.filter(withdrawn_at=None).exists()


def test_a_visit_that_the_person_declined_before_keeps_nobody_known(open_study):
    ids = {"participant_id": "ann", "study_id": "outside"}
    declined = sessions.decline(sessions.enter(open_study, **ids, session_id="first"))
    device_reports.store(declined, has_script=True)
    withdraw(sessions.give_consent(sessions.enter(open_study, **ids, session_id="second")))
    assert erasure.erase_due(timezone.now()) == (1, 1)
    assert not DeviceReport.objects.exists() and not IdentityKey.objects.exists()
    assert Participant.objects.get().erased_at is not None
    assert differences(replay(open_study), stored(open_study)) == []


def test_a_coordinators_withdrawal_is_audited_with_its_reason(alice):
    erasure.request(alice.participant, by="carol", reason="she wrote to us")
    act = AuditRecord.objects.get(act="participant_withdrawn")
    assert (act.actor, act.subject, act.reason) == ("carol", alice.participant.pseudonym, "she wrote to us")
    alice.session.refresh_from_db()
    assert alice.session.withdrawn_at


@pytest.mark.django_db(transaction=True)
def test_a_row_that_a_worker_holds_is_left_to_the_next_sweep(alice):
    phrase = submit(alice, "red")
    withdraw(alice.session)
    held, done = threading.Event(), threading.Event()

    def worker() -> None:
        with transaction.atomic():
            Phrase.objects.select_for_update().get(pk=phrase.pk)
            held.set()
            done.wait(60)
        connection.close()

    thread = threading.Thread(target=worker)
    thread.start()
    assert held.wait(60)
    try:
        assert erasure.erase_due(timezone.now())[0] == 0
    finally:
        done.set()
        thread.join()
    assert erasure.erase_due(timezone.now())[0] == 1


def test_what_an_open_page_still_sends_after_the_withdrawal_is_not_stored(alice):
    withdraw(alice.session)
    erasure.erase_due(timezone.now())
    now = dt.timedelta(0)
    late = time_spans.Report(uuid.uuid4(), uuid.uuid4(), SpanKind.VISIBLE, now, now)
    session = AnnotationSession.objects.get(pk=alice.session.pk)
    time_spans.store(session, [late])
    assert device_reports.store(session, has_script=True) is None
    assert not Span.objects.exists() and not DeviceReport.objects.exists()


def test_a_correction_that_is_being_trained_ends_without_a_head(alice, base_model):
    """The worker holds its result when the erasure takes the phrase away: the result is not stored."""
    (red, *_rest) = submit_and_score(alice, "red")
    study = alice.session.study
    correction = Correction.objects.create(study=study, base_model=base_model, scheme="class_equal", requested_by="x")
    correction.parts.create(score=red.score, target_class=0, threshold=red.score.threshold)
    held = jobs.claim(Correction)
    assert held == correction
    withdraw(alice.session)
    erasure.erase_due(timezone.now())
    with pytest.raises(jobs.JobLost):
        jobs.finish(held, head=b"weights")
    correction.refresh_from_db()
    assert (correction.state, correction.head) == ("failed", None) and "withdrew" in correction.error


def test_an_erasure_between_the_look_and_the_write_of_a_finishing_job_wins(alice, base_model, monkeypatch):
    correction = Correction.objects.create(
        study=alice.session.study, base_model=base_model, scheme="class_equal", requested_by="x"
    )
    held = jobs.claim(Correction)
    now: dt.datetime = timezone.now()

    def undone_meanwhile() -> dt.datetime:
        Correction.objects.filter(pk=correction.pk).update(state="failed", error="undone", finished_at=now)
        return now

    monkeypatch.setattr(jobs.timezone, "now", undone_meanwhile)
    with pytest.raises(jobs.JobLost):
        jobs.finish(held, head=b"weights")
    correction.refresh_from_db()
    assert (correction.state, correction.head) == ("failed", None)
