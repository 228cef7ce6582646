import pytest

from annotations.base.service_errors import AssignmentNotActive
from annotations.log import withdrawal_keys
from annotations.models import AnnotationSession, EndReason, Event, Outcome, Run, Stage
from annotations.phrases import phrase_submission
from annotations.visits import sessions, withdrawal
from tests.support.steps import end, submit, submit_and_score
from worker.phrases.scoring import score_due_phrases


def test_a_visit_that_lasts_ends_with_its_tasks_and_nothing_is_retrained(alice):
    submit_and_score(alice, "red")
    withdrawal.withdraw(alice.session)
    alice.assignment.refresh_from_db()
    assert (alice.session.stage, alice.session.outcome) == (Stage.WITHDRAWN, Outcome.WITHDRAWN)
    assert alice.session.withdrawn_at is not None
    assert alice.assignment.end_reason == EndReason.WITHDRAWN
    assert not Run.objects.exists()


def test_a_score_that_comes_afterwards_is_not_retrained_either(alice):
    submit(alice, "red")
    withdrawal.withdraw(alice.session)
    score_due_phrases()
    assert not Run.objects.exists()


def test_nothing_is_taken_after_it(alice):
    withdrawal.withdraw(alice.session)
    with pytest.raises(AssignmentNotActive):
        submit(alice)
    assert not phrase_submission.Phrase.objects.exists()


def test_a_completed_visit_stays_completed_and_is_marked(alice):
    submit(alice)
    end(alice)
    sessions.finish(alice.session)
    withdrawal.withdraw(alice.session)
    assert (alice.session.stage, alice.session.outcome) == (Stage.FINISHED, Outcome.COMPLETED)
    assert alice.session.withdrawn_at is not None


def test_withdrawing_twice_counts_once(alice):
    first = withdrawal.withdraw(alice.session).withdrawn_at
    assert withdrawal.withdraw(alice.session).withdrawn_at == first
    assert Event.objects.filter(kind="session_withdrawn").count() == 1


def test_before_consent_it_is_a_refusal(open_study):
    session = sessions.enter(open_study, participant_id="p", study_id="s", session_id="v")
    for _ in range(2):
        withdrawal.withdraw(session)
    assert session.stage == Stage.DECLINED
    assert session.withdrawn_at is None


def test_each_visit_has_a_key_of_its_own_that_stays(alice, bob):
    assert withdrawal_keys.token(alice.session) == withdrawal_keys.token(
        AnnotationSession.objects.get(pk=alice.session.pk)
    )
    assert withdrawal_keys.token(alice.session) != withdrawal_keys.token(bob.session)
    assert len(withdrawal_keys.token(alice.session)) == 26
