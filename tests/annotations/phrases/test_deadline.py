import datetime as dt

import pytest
from django.utils import timezone

from annotations.base.service_errors import AssignmentNotActive
from annotations.models import AssignmentState, EndReason, Phrase
from annotations.phrases import assignments, scoring
from tests.support.steps import end, move_clock, submit
from worker.phrases.scoring import score_due_phrases


def seconds(value: float) -> dt.timedelta:
    return dt.timedelta(seconds=value)


def submitted_ago(visit, ago: float) -> Phrase:
    phrase = submit(visit)
    phrase.submitted_at = timezone.now() - seconds(ago)
    phrase.save()
    return phrase


def moved(visit):
    visit.assignment.refresh_from_db()
    return visit.assignment.deadline_at - visit.assignment.first_deadline_at


def test_the_deadline_moves_by_the_time_that_scoring_took(alice):
    phrase = submitted_ago(alice, 20)
    score_due_phrases()
    phrase.refresh_from_db()
    assert moved(alice) == phrase.score.scored_at - phrase.submitted_at >= seconds(20)


def test_one_phrase_brings_at_most_a_minute(alice):
    submitted_ago(alice, 500)
    score_due_phrases()
    assert moved(alice) == seconds(60)


def test_all_phrases_together_bring_at_most_five_minutes(alice):
    for _ in range(7):
        submitted_ago(alice, 90)
    score_due_phrases()
    assert moved(alice) == seconds(300)


def test_a_phrase_that_could_not_be_scored_gives_its_time_back_too(stopped_clock, alice):
    phrase = submitted_ago(alice, 20)
    scoring.fail_phrase(phrase.pk, "the encoder choked", final=True)
    assert moved(alice) == seconds(20)


def test_an_ended_assignment_keeps_its_deadline(alice):
    submitted_ago(alice, 20)
    end(alice)
    score_due_phrases()
    assert moved(alice) == seconds(0)


def test_the_effective_deadline_counts_phrases_that_wait(alice):
    phrase = submitted_ago(alice, 20)
    first, now = alice.assignment.first_deadline_at, phrase.submitted_at + seconds(20)
    assert assignments.effective_deadline(alice.assignment, now) == first + seconds(20)
    assert assignments.effective_deadline(alice.assignment, now + seconds(100)) == first + seconds(60)
    for _ in range(7):
        submitted_ago(alice, 90)
    assert assignments.effective_deadline(alice.assignment, now) == first + seconds(300)


def test_scoring_leaves_the_effective_deadline_where_it_was(alice):
    phrase = submitted_ago(alice, 20)
    score_due_phrases()
    phrase.refresh_from_db()
    now = phrase.score.scored_at
    alice.assignment.refresh_from_db()
    after = assignments.effective_deadline(alice.assignment, now)
    assert after == alice.assignment.first_deadline_at + (now - phrase.submitted_at)


def test_a_clock_that_went_back_takes_no_time_away(alice):
    phrase = submit(alice)
    before = phrase.submitted_at - seconds(5)
    assert assignments.effective_deadline(alice.assignment, before) == alice.assignment.first_deadline_at


def test_an_assignment_that_never_started_has_no_deadline(alice):
    alice.assignment.started_at = None
    with pytest.raises(AssignmentNotActive):
        assignments.effective_deadline(alice.assignment, timezone.now())


@pytest.mark.parametrize(("over", "ended"), [(-1, 0), (5, 0), (7, 1)])
def test_the_sweeper_ends_an_assignment_six_seconds_after_its_deadline(alice, bob, over, ended):
    now = alice.assignment.deadline_at + seconds(over)
    bob.assignment.first_deadline_at = bob.assignment.deadline_at = now + seconds(60)
    bob.assignment.save()
    assert assignments.end_overdue(now) == ended
    alice.assignment.refresh_from_db()
    assert (alice.assignment.end_reason == EndReason.TIME_OVER) == bool(ended)
    assert assignments.end_overdue(now) == 0


def test_the_sweeper_waits_for_a_phrase_that_waits(alice):
    move_clock(alice.assignment, 595)
    phrase = Phrase.objects.create(
        assignment=alice.assignment, client_uuid="0" * 32, ordinal=1, text="red", submitted_at=timezone.now()
    )
    now = phrase.submitted_at + seconds(15)
    assert assignments.end_overdue(now) == 0
    assert assignments.end_overdue(now + seconds(62)) == 1
    alice.assignment.refresh_from_db()
    assert alice.assignment.state == AssignmentState.ENDED
