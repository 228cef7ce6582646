"""Erasing a person who withdrew: what they did at once, who they are once they are paid."""

import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone

from annotations.log import identities
from annotations.log.replay import differences, replay
from annotations.models import (
    AnnotationSession,
    Consent,
    Event,
    IdentityKey,
    Participant,
    Payment,
    Phrase,
    Run,
    Score,
    Span,
    Study,
    Submission,
)
from annotations.prolific_client.statuses import Status
from annotations.visits import erasure, sessions
from annotations.visits.withdrawal import withdraw
from tests.support.actors import Visit, again, start_visit
from tests.support.logged import stored
from tests.support.steps import end, submit_and_score
from worker.runs.run_training import train_due_runs

LATER = dt.timedelta(days=22)


@pytest.fixture(scope="module")
def stored_visits(stored_study: Study) -> tuple[Visit, Visit]:
    """Of alice, who completed hers, with everything that a visit leaves, and of bob, who stays."""
    alice, bob = (start_visit(stored_study, name) for name in ("alice", "bob"))
    submit_and_score(alice, "red", "dark")
    submit_and_score(bob, "crimson")
    end(alice)
    train_due_runs()
    sessions.finish(alice.session, {})
    now = timezone.now()
    ids = {"client_uuid": alice.assignment.public_id, "opening": alice.assignment.public_id}
    Span.objects.create(session=alice.session, kind="visible", began_at=now, ended_at=now, received_at=now, **ids)
    return alice, bob


@pytest.fixture
def completed(db: None, stored_visits: tuple[Visit, Visit]) -> Visit:
    return again(stored_visits[0])


@pytest.fixture
def bob(db: None, stored_visits: tuple[Visit, Visit]) -> Visit:
    return again(stored_visits[1])


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
    assert erasure.erase_due(timezone.now()) == (1, 0)
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
            identities.opened(bytes(new.sealed_key)).unseal(bytes(event.sealed))


@pytest.mark.parametrize("status", [Status.APPROVED, Status.RETURNED])
def test_once_their_submission_is_settled_their_ids_are_destroyed(completed, status):
    pseudonym = completed.participant.pseudonym
    withdraw(completed.session)
    Submission.objects.filter(session=completed.session).update(status=status)
    assert erasure.erase_due(timezone.now()) == (1, 1)
    person = Participant.objects.get(pk=completed.participant.pk)
    assert person.erased_at and person.pseudonym != pseudonym
    assert Submission.objects.get(session=completed.session).sealed_ids is None
    assert not IdentityKey.objects.filter(pseudonym=pseudonym).exists()
    assert [table for table in tables_with(pseudonym) if table != "annotations_auditrecord"] == []


@pytest.mark.parametrize("status", ["", Status.AWAITING_REVIEW])
def test_after_21_days_nobody_waits_for_a_review(completed, status):
    withdraw(completed.session)
    Submission.objects.filter(session=completed.session).update(status=status)
    assert erasure.erase_due(timezone.now())[1] == 0
    assert erasure.erase_due(timezone.now() + LATER)[1] == 1


def test_a_bonus_that_is_not_paid_keeps_the_ids(completed):
    withdraw(completed.session)
    submission = Submission.objects.get(session=completed.session)
    Submission.objects.filter(pk=submission.pk).update(status=Status.APPROVED)
    study = completed.session.study
    facts = {"rule": "by hand", "reason": "x", "amount_cents": 50, "currency": "GBP", "created_by": "carol"}
    Payment.objects.create(study=study, submission=submission, idempotency_key="k", **facts)
    assert erasure.erase_due(timezone.now() + LATER)[1] == 0


def test_erasing_twice_is_erasing_once(completed):
    withdraw(completed.session)
    erasure.erase_due(timezone.now() + LATER)
    assert erasure.erase_due(timezone.now() + LATER) == (0, 0)
    assert Event.objects.filter(kind="session_erased").count() == 1


def test_nobody_is_erased_who_did_not_withdraw(completed):
    assert erasure.erase_due(timezone.now() + LATER) == (0, 0)
    assert Phrase.objects.count() == 3


def test_the_log_yields_the_tombstone(completed):
    study = completed.session.study
    withdraw(completed.session)
    erasure.erase_due(timezone.now())
    state = replay(study)
    assert completed.session.pk in state.erased
    assert differences(state, stored(study)) == []
