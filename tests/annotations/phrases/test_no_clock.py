"""A task without a time limit, for experts: it starts without a deadline, and nothing ends it but its person."""

import datetime as dt

import pytest
from django.utils import timezone

from annotations.base.service_errors import TimeIsNotOver
from annotations.models import AssignmentState, EndReason, Study, Task
from annotations.phrases import assignments
from tests.support.actors import Visit, start_visit
from tests.support.steps import end, submit_and_score

MUCH_LATER = dt.timedelta(days=3)


@pytest.fixture
def unhurried(open_study: Study) -> Visit:
    Task.objects.update(time_limit_s=None)
    return start_visit(open_study, "unhurried")


def test_it_starts_without_a_deadline(unhurried: Visit) -> None:
    assert unhurried.assignment.started_at is not None
    assert unhurried.assignment.deadline_at is unhurried.assignment.first_deadline_at is None
    assert assignments.effective_deadline(unhurried.assignment, timezone.now()) is None


def test_it_is_never_over_and_no_sweep_ends_it(unhurried: Visit) -> None:
    later = timezone.now() + MUCH_LATER
    assert not assignments.is_over(unhurried.assignment, later)
    assert assignments.end_overdue(later) == 0
    with pytest.raises(TimeIsNotOver):
        assignments.end(unhurried.assignment, EndReason.TIME_OVER)


def test_phrases_are_scored_and_it_ends_when_its_person_says_so(unhurried: Visit) -> None:
    (phrase,) = submit_and_score(unhurried, "red")
    assert phrase.score.value > 0
    assert end(unhurried).state == AssignmentState.ENDED
    assert unhurried.assignment.deadline_at is None


def test_its_pages_show_no_clock(unhurried: Visit) -> None:
    page = unhurried.client.get(f"/visit/tasks/{unhurried.assignment.public_id}/")
    assert page.status_code == 200
    assert 'id="timer"' not in page.content.decode()
