"""Seconds at a task from spans, worked by hand."""

import uuid

from annotations.analysis.observations.person_tasks import Times, Tried
from annotations.models import Assignment, BaseModel, SessionKind, SpanKind
from annotations.results.stored_rows import task_times
from tests.support.analysis_studies import spend, tell, two_tasks
from tests.support.scripted import scripted_phrases


def at_work(base_model: BaseModel) -> Assignment:
    """Ann's only task, which took ten minutes."""
    study = two_tasks(base_model)
    tell(study, [Tried(1, "ann", "red", 0.5, 0.5)])
    return Assignment.objects.get()


def times(assignment: Assignment) -> Times:
    return task_times(assignment.task.study, SessionKind.PARTICIPANT)[1, "ann"]


def test_without_spans_only_the_clock_is_known(base_model: BaseModel) -> None:
    assert times(at_work(base_model)) == Times(None, None, 600.0, "done")


def test_time_in_view_is_active_and_idle_and_hidden_time_is_not(base_model: BaseModel) -> None:
    assignment = at_work(base_model)
    spend(assignment, SpanKind.VISIBLE, 0, 100)
    spend(assignment, SpanKind.IDLE, 100, 200)
    spend(assignment, SpanKind.HIDDEN, 200, 300)
    assert times(assignment).active == 100.0


def test_two_tabs_at_once_count_once(base_model: BaseModel) -> None:
    assignment = at_work(base_model)
    spend(assignment, SpanKind.VISIBLE, 0, 100)
    spend(assignment, SpanKind.VISIBLE, 50, 150)
    spend(assignment, SpanKind.HIDDEN, 0, 150)  # the other tab is not seen meanwhile
    assert times(assignment).active == 150.0


def test_waiting_is_apart_and_offline_is_neither(base_model: BaseModel) -> None:
    assignment = at_work(base_model)
    spend(assignment, SpanKind.VISIBLE, 0, 100)
    spend(assignment, SpanKind.WAITING, 10, 20)
    spend(assignment, SpanKind.OFFLINE, 50, 55)
    assert times(assignment) == Times(85.0, 10.0, 600.0, "done")


def test_time_before_the_start_and_after_the_end_is_not_at_the_task(base_model: BaseModel) -> None:
    assignment = at_work(base_model)
    spend(assignment, SpanKind.VISIBLE, -30, 30)
    spend(assignment, SpanKind.VISIBLE, 590, 700)
    assert times(assignment).active == 40.0


def test_a_task_that_lasts_has_no_time_by_the_clock_yet(base_model: BaseModel) -> None:
    assignment = at_work(base_model)
    spend(assignment, SpanKind.VISIBLE, 0, 30)
    Assignment.objects.update(state="active", end_reason="", ended_at=None)
    assert times(assignment) == Times(30.0, 0.0, None)


def test_a_task_that_the_clock_ended_in_one_visit_is_not_done_by_another(base_model: BaseModel) -> None:
    assignment = at_work(base_model)
    session = assignment.session
    session.pk, session.submission_key, session.public_id = None, "again", uuid.uuid4()
    session.save(force_insert=True)
    assignment.pk, assignment.public_id, assignment.end_reason = None, uuid.uuid4(), "time_over"
    assignment.session = session
    assignment.save(force_insert=True)
    assert times(assignment) == Times(None, None, 1200.0, "time_over")


def test_only_visits_of_the_kind_that_is_asked_for_count(base_model: BaseModel) -> None:
    study = two_tasks(base_model)
    tell(study, scripted_phrases()[:3], SessionKind.SIMULATED)
    assert task_times(study, SessionKind.PARTICIPANT) == {}
