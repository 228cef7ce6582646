"""What the database's triggers keep as it was written, whoever asks."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from annotations.models import AnnotationSession, AuditRecord, JudgementAnswer, Reply
from annotations.phrases import replies
from annotations.visits import erasure
from annotations.visits.withdrawal import withdraw
from tests.support.actors import Visit
from tests.support.steps import submit_and_score

pytestmark = pytest.mark.usefixtures("stored_alice")


def refuses(statement: str, because: str) -> None:
    with pytest.raises(IntegrityError, match=because), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("change", ["UPDATE {} SET act = 'opened'", "DELETE FROM {}"])
def test_the_audit_log_is_append_only(alice: Visit, change: str) -> None:
    AuditRecord.objects.create(study=alice.session.study, actor="ana", act="close")
    refuses(change.format("annotations_auditrecord"), "append-only")


@pytest.mark.parametrize("change", ["UPDATE {} SET kind = 'consent_given'", "DELETE FROM {}"])
def test_the_event_log_is_append_only_for_peoples_visits(alice: Visit, change: str) -> None:
    refuses(change.format("annotations_event"), "append-only")


@pytest.mark.parametrize("kind", ["preview", "simulated", "expert"])
def test_whose_visit_it_is_never_changes(alice: Visit, kind: str) -> None:
    refuses(f"UPDATE annotations_annotationsession SET kind = '{kind}'", "never changes")
    assert AnnotationSession.objects.filter(kind="participant").update(kind="participant") == 1


def judge(visit: Visit) -> None:
    (phrase,) = submit_and_score(visit, "dark")
    replies.judge(phrase, JudgementAnswer.NO)


@pytest.mark.parametrize(
    "change", ["UPDATE {} SET took_effect = false", "UPDATE {} SET said = 'yes'", "DELETE FROM {}"]
)
def test_replies_are_append_only(alice: Visit, change: str) -> None:
    judge(alice)
    refuses(change.format("annotations_reply"), "append-only")


def test_replies_go_with_a_visit_that_is_erased_and_no_others(alice: Visit, bob: Visit) -> None:
    judge(alice)
    judge(bob)
    withdraw(alice.session)
    refuses("UPDATE annotations_reply SET said = 'yes'", "append-only")
    assert erasure.erase_due(timezone.now())[0] == 1
    assert Reply.objects.get().phrase.assignment.session == bob.session
