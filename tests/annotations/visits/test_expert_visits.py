"""Experts: the visit of somebody who is logged in, and the classes that they pick."""

import threading

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from annotations.base.service_errors import (
    NotPossible,
    SkippedWithoutReason,
    StageMismatch,
    StudyForExperts,
    StudyNotOpen,
    TextTooLong,
)
from annotations.log.replay import differences, replay
from annotations.models import Allocation, AnnotationSession, AssignmentState, EndReason, Event, Study
from annotations.phrases import assignments
from annotations.phrases.expert_classes import experts as experts_of
from annotations.phrases.expert_classes import notes
from annotations.studies import lifecycle
from annotations.visits import erasure, sessions, withdrawal
from annotations.visits import expert_visits as experts
from tests.support.experts import expert, experts_draft
from tests.support.logged import stored


@pytest.fixture
def study(base_model) -> Study:
    return lifecycle.open_study(experts_draft(base_model))


@pytest.fixture
def erika(study) -> User:
    return expert(study)


@pytest.fixture
def visit(study, erika) -> AnnotationSession:
    return experts.enter(study, erika)


def test_an_experts_visit_begins_at_the_tasks_marked_as_such(study, visit):
    assert (visit.kind, visit.verification, visit.stage, visit.consented_at) == ("expert", "local", "tasks", None)
    assert visit.participant.pseudonym.startswith("E") and "erika" not in visit.participant.pseudonym
    assert not visit.assignments.exists() and not Allocation.objects.exists()
    assert list(study.sessions.counted()) == [visit]


def test_somebody_who_comes_back_is_in_the_same_visit(study, erika, visit):
    assert experts.enter(study, erika) == visit
    assert Event.objects.filter(kind="session_entered").count() == 1


def test_two_experts_are_two_people_and_one_is_another_in_another_study(study, erika, visit, base_model):
    other = experts.enter(study, expert(study, "emil"))
    assert other.participant != visit.participant
    elsewhere = lifecycle.open_study(experts_draft(base_model, "elsewhere"))
    assert experts.enter(elsewhere, erika).participant.pseudonym != visit.participant.pseudonym


def test_the_name_of_an_account_is_in_no_row_of_the_visit(study, visit):
    for event in Event.objects.filter(session=visit):
        assert "erika" not in str(event.payload)


def test_experts_do_not_annotate_in_a_study_of_the_crowd(open_study):
    with pytest.raises(NotPossible, match="enter this study by its link"):
        experts.enter(open_study, expert(open_study))


def test_the_participants_link_leads_nobody_into_a_study_of_experts(study):
    with pytest.raises(StudyForExperts):
        sessions.enter(study, participant_id="p", study_id="s", session_id="v")


def test_nobody_begins_in_a_draft_or_a_closed_study(base_model):
    draft = experts_draft(base_model)
    erika = expert(draft)
    with pytest.raises(StudyNotOpen):
        experts.enter(draft, erika)
    lifecycle.open_study(draft)
    lifecycle.close_study(draft)
    with pytest.raises(StudyNotOpen):
        experts.enter(draft, erika)


def test_in_a_paused_study_those_who_began_go_on_and_nobody_new_begins(study, erika, visit):
    lifecycle.pause_study(study)
    assert experts.enter(study, erika) == visit
    with pytest.raises(StudyNotOpen):
        experts.enter(study, expert(study, "emil"))


def test_classes_are_done_in_the_order_in_which_they_are_picked(study, visit):
    square, oval = study.tasks.order_by("position")
    second, first = experts.pick(visit, oval), experts.pick(visit, square)
    assert [(a.task, a.position, a.state) for a in (second, first)] == [(oval, 1, "active"), (square, 2, "active")]
    assert (second.deadline_at, first.deadline_at) == (None, None)


def test_no_class_has_a_clock_though_its_task_has_a_limit(study, visit):
    """As in a clone of the crowd's study."""
    study.tasks.update(time_limit_s=300)
    assignment = experts.pick(visit, study.tasks.first())
    assert assignment.started_at is not None
    assert assignment.deadline_at is assignment.first_deadline_at is None


def test_picking_a_class_again_goes_on_with_it(study, visit):
    task = study.tasks.first()
    picked = experts.pick(visit, task)
    assert experts.pick(visit, task) == picked
    assignments.end(picked, EndReason.STUDY_CLOSED)
    assert experts.pick(visit, task).state == AssignmentState.ENDED
    assert visit.assignments.count() == 1


def test_a_participant_picks_nothing(alice):
    with pytest.raises(StageMismatch):
        experts.pick(alice.session, alice.assignment.task)


def test_nothing_is_picked_in_a_closed_study_or_after_the_end(study, visit):
    lifecycle.close_study(study)
    with pytest.raises(StudyNotOpen):
        experts.pick(visit, study.tasks.first())
    withdrawal.withdraw(visit)
    with pytest.raises(StageMismatch):
        experts.pick(visit, study.tasks.first())


def test_an_expert_finishes_with_classes_left_but_not_in_the_middle_of_one(study, visit):
    picked = experts.pick(visit, study.tasks.first())
    with pytest.raises(StageMismatch):
        sessions.finish(visit)
    assignments.end(picked, EndReason.STUDY_CLOSED)
    assert sessions.finish(visit).outcome == "completed"
    assert not Allocation.objects.exists()


def test_a_skipped_class_says_why_and_has_not_to_be_done_before_the_end(study, erika, visit):
    picked = experts.pick(visit, study.tasks.first())
    with pytest.raises(SkippedWithoutReason):
        assignments.end(picked, EndReason.SKIPPED)
    assignments.note(picked, " too dark ")
    picked.refresh_from_db()
    assert picked.note == "too dark"
    assignments.end(picked, EndReason.SKIPPED)
    [line] = experts_of(study)
    assert (line.n_begun, line.n_done, line.n_skipped) == (1, 0, 1)
    assert [each.note for each in notes(study)] == [picked.note]
    assert sessions.finish(visit).outcome == "completed"


def test_a_note_is_kept_whole_or_refused(study, visit):
    picked = experts.pick(visit, study.tasks.first())
    lines = "\r\n".join(["x" * 999, "y" * 1000])  # 2,000 characters, as a browser counts
    assignments.note(picked, f" {lines} ")
    with pytest.raises(TextTooLong):
        assignments.note(picked, f"{lines}z")
    picked.refresh_from_db()
    assert picked.note == lines.replace("\r", "")


def test_nobody_but_an_expert_skips(alice):
    assignments.note(alice.assignment, "dark")
    with pytest.raises(StageMismatch):
        assignments.end(alice.assignment, EndReason.SKIPPED)


def test_the_log_yields_an_experts_visit_again(study, visit):
    skipped = experts.pick(visit, study.tasks.first())
    assignments.note(skipped, "too dark")
    assignments.end(skipped, EndReason.SKIPPED)
    assignments.end(experts.pick(visit, study.tasks.first()), EndReason.STUDY_CLOSED)
    assignments.end(experts.pick(visit, study.tasks.last()), EndReason.STUDY_CLOSED)
    sessions.finish(visit)
    assert differences(replay(study), stored(study)) == []


def test_an_expert_who_withdrew_is_erased_and_can_begin_anew(study, erika, visit):
    experts.pick(visit, study.tasks.first())
    withdrawal.withdraw(visit)
    assert erasure.erase_due(timezone.now()) == (1, 1)
    again = experts.enter(study, erika)
    assert again != visit and again.stage == "tasks"


@pytest.mark.django_db(transaction=True)
def test_of_many_requests_at_once_one_makes_the_visit_and_the_assignment(study, erika):
    found = []

    def come() -> None:
        session = experts.enter(study, erika)
        found.append((session.pk, experts.pick(session, study.tasks.first()).pk))
        connection.close()

    threads = [threading.Thread(target=come) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(set(found)) == 1
