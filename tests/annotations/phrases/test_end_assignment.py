import datetime as dt

import pytest
from django.utils import timezone

from annotations.base.service_errors import AssignmentNotActive, TimeIsNotOver, TooFewPhrases
from annotations.models import AssignmentState, EndReason, Event, Run
from annotations.phrases import assignments
from tests.support.steps import end, move_clock, submit, submit_and_score


def test_a_done_assignment_ends_and_plans_its_runs(alice):
    submit_and_score(alice, "red", "blue")
    ended = end(alice)
    assert (ended.state, ended.end_reason) == (AssignmentState.ENDED, EndReason.DONE)
    assert ended.ended_at is not None
    assert Run.objects.filter(assignment=ended).count() == 2


def test_ending_twice_counts_once(alice):
    submit_and_score(alice, "red")
    first = end(alice).ended_at
    assert end(alice).ended_at == first
    assert Event.objects.filter(kind="assignment_ended").count() == Run.objects.count() == 1


def test_done_needs_the_tasks_least_phrases(alice):
    with pytest.raises(TooFewPhrases, match="at least 1 phrase "):
        end(alice)
    alice.assignment.refresh_from_db()
    assert alice.assignment.state == AssignmentState.ACTIVE


def test_done_after_the_deadline_is_time_over_and_needs_no_phrase(alice):
    move_clock(alice.assignment, 601)
    assert end(alice).end_reason == EndReason.TIME_OVER


def test_a_forged_time_over_is_refused_by_the_servers_clock(alice):
    with pytest.raises(TimeIsNotOver):
        assignments.end(alice.assignment, EndReason.TIME_OVER)


def test_a_phrase_that_waits_for_its_score_keeps_time_from_being_over(alice):
    phrase = submit(alice)
    move_clock(alice.assignment, 601)
    phrase.submitted_at = timezone.now() - dt.timedelta(seconds=30)
    phrase.save()
    with pytest.raises(TimeIsNotOver):
        assignments.end(alice.assignment, EndReason.TIME_OVER)


def test_a_waiting_assignment_is_ended_only_by_closing_the_study(alice):
    waiting = alice.assignment
    waiting.state, waiting.started_at, waiting.first_deadline_at, waiting.deadline_at = "waiting", None, None, None
    waiting.save()
    with pytest.raises(AssignmentNotActive):
        assignments.end(waiting, EndReason.DONE)
    assert assignments.end(waiting, EndReason.STUDY_CLOSED).end_reason == EndReason.STUDY_CLOSED
