"""Erasing a person who withdrew: what they did at once, who they are once they are paid."""

import datetime as dt
import threading
import uuid

import pytest
from django.db import connection, transaction
from django.utils import timezone

from annotations.models import (
    AnnotationSession,
    AuditRecord,
    Consent,
    Correction,
    DeviceReport,
    Event,
    IdentityKey,
    Participant,
    Payment,
    Phrase,
    Run,
    Score,
    Span,
    SpanKind,
    Submission,
)
from annotations.prolific.statuses import APPROVED, AWAITING_REVIEW, RETURNED
from annotations.services.logs import identities
from annotations.services.logs.replay import differences, replay, stored
from annotations.services.queue import jobs
from annotations.services.visits import device_reports, erasure, sessions, time_spans
from annotations.services.visits.withdrawal import withdraw
from tests.steps import end, submit, submit_and_score
from worker.retraining.run_training import train_due_runs

LATER = dt.timedelta(days=22)


@pytest.fixture
def completed(alice, bob):
    """Alice, who completed her visit, with everything that a visit leaves; bob stays."""
    submit_and_score(alice, "red", "dark")
    submit_and_score(bob, "crimson")
    end(alice)
    train_due_runs()
    sessions.finish(alice.session, {})
    now = timezone.now()
    ids = {"client_uuid": alice.assignment.public_id, "opening": alice.assignment.public_id}
    Span.objects.create(session=alice.session, kind="visible", began_at=now, ended_at=now, received_at=now, **ids)
    return alice


def tables_with(text: str) -> list[str]:
    """The tables that hold a text anywhere, in the raw rows."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT count(*) FROM "{table}" AS t WHERE t::text ILIKE %s', [f"%{text}%"])
            if cursor.fetchone()[0]:
                found.append(table)
    return found


def test_what_a_person_did_is_gone_and_what_others_did_stays(completed, bob):
    withdraw(completed.session)
    assert erasure.erase_due(timezone.now()) == erasure.Erased(contents=1, identities=0)
    assert list(Phrase.objects.values_list("text", flat=True)) == ["crimson"]
    assert Score.objects.count() == 1 and not Run.objects.exists() and not Span.objects.exists()
    visit = AnnotationSession.objects.get(pk=completed.session.pk)
    assert visit.erased_at and visit.outcome == "completed" and visit.ended_at
    assert Consent.objects.filter(session=visit).exists()


def test_no_table_holds_their_words_any_more(completed):
    submit_words = "dark"
    assert "annotations_phrase" in tables_with(submit_words)
    withdraw(completed.session)
    erasure.erase_due(timezone.now())
    assert [table for table in tables_with(submit_words) if not table.startswith("annotations_basemodel")] == []


def test_until_they_are_paid_their_ids_are_kept_under_another_key(completed):
    study, pseudonym = completed.session.study, completed.participant.pseudonym
    old = IdentityKey.objects.get(study=study, pseudonym=pseudonym)
    withdraw(completed.session)
    erasure.erase_due(timezone.now())
    new = IdentityKey.objects.get(study=study, pseudonym=pseudonym)
    assert new.pk != old.pk
    sealed = Submission.objects.get(session=completed.session).sealed_ids
    assert set(identities.unseal(study, pseudonym, bytes(sealed)).values()) == set(completed.external_ids.values())
    for event in Event.objects.filter(session=completed.session, sealed__isnull=False).exclude(kind="session_erased"):
        with pytest.raises(identities.IdentityUnreadable):
            identities.unseal_under(bytes(new.sealed_key), bytes(event.sealed))


@pytest.mark.parametrize("status", [APPROVED, RETURNED])
def test_once_their_submission_is_settled_their_ids_are_destroyed(completed, status):
    pseudonym = completed.participant.pseudonym
    withdraw(completed.session)
    Submission.objects.filter(session=completed.session).update(status=status)
    assert erasure.erase_due(timezone.now()) == erasure.Erased(contents=1, identities=1)
    person = Participant.objects.get(pk=completed.participant.pk)
    assert person.erased_at and person.pseudonym != pseudonym
    assert Submission.objects.get(session=completed.session).sealed_ids is None
    assert not IdentityKey.objects.filter(pseudonym=pseudonym).exists()
    assert [table for table in tables_with(pseudonym) if table != "annotations_auditrecord"] == []


@pytest.mark.parametrize("status", ["", AWAITING_REVIEW])
def test_after_21_days_nobody_waits_for_a_review(completed, status):
    withdraw(completed.session)
    Submission.objects.filter(session=completed.session).update(status=status)
    assert erasure.erase_due(timezone.now()).identities == 0
    assert erasure.erase_due(timezone.now() + LATER).identities == 1


def test_a_bonus_that_is_not_paid_keeps_the_ids(completed):
    withdraw(completed.session)
    submission = Submission.objects.get(session=completed.session)
    Submission.objects.filter(pk=submission.pk).update(status=APPROVED)
    study = completed.session.study
    facts = {"rule": "by hand", "reason": "x", "amount_cents": 50, "currency": "GBP", "created_by": "carol"}
    Payment.objects.create(study=study, submission=submission, idempotency_key="k", **facts)
    assert erasure.erase_due(timezone.now() + LATER).identities == 0


def test_somebody_who_stopped_in_the_middle_is_owed_nothing(alice):
    submit_and_score(alice, "red")
    withdraw(alice.session)
    assert erasure.erase_due(timezone.now()) == erasure.Erased(contents=1, identities=1)


def test_erasing_twice_is_erasing_once(completed):
    withdraw(completed.session)
    erasure.erase_due(timezone.now() + LATER)
    assert erasure.erase_due(timezone.now() + LATER) == erasure.Erased(0, 0)
    assert Event.objects.filter(kind="session_erased").count() == 1


def test_nobody_is_erased_who_did_not_withdraw(completed):
    assert erasure.erase_due(timezone.now() + LATER) == erasure.Erased(0, 0)
    assert Phrase.objects.count() == 3


def test_the_log_yields_the_tombstone(completed):
    study = completed.session.study
    withdraw(completed.session)
    erasure.erase_due(timezone.now())
    state = replay(study)
    assert completed.session.pk in state.erased
    assert differences(state, stored(study)) == []


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
    device_reports.store(declined, device_reports.Device(has_script=True))
    withdraw(sessions.give_consent(sessions.enter(open_study, **ids, session_id="second")))
    assert erasure.erase_due(timezone.now()) == erasure.Erased(contents=1, identities=1)
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
            done.wait(20)
        connection.close()

    thread = threading.Thread(target=worker)
    thread.start()
    held.wait(10)
    try:
        assert erasure.erase_due(timezone.now()).contents == 0
    finally:
        done.set()
        thread.join()
    assert erasure.erase_due(timezone.now()).contents == 1


def test_what_an_open_page_still_sends_after_the_withdrawal_is_not_stored(alice):
    withdraw(alice.session)
    erasure.erase_due(timezone.now())
    now = dt.timedelta(0)
    late = time_spans.Report(uuid.uuid4(), uuid.uuid4(), SpanKind.VISIBLE, now, now)
    session = AnnotationSession.objects.get(pk=alice.session.pk)
    time_spans.store(session, [late])
    assert device_reports.store(session, device_reports.Device()) is None
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
