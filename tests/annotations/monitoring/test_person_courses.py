"""How far each person came, and why no further: one study in which people leave at every step."""

import datetime as dt
import uuid

from django.contrib.auth.models import User
from django.utils import timezone

from annotations.allocation import places
from annotations.analysis.observations.course_steps import Course, Step
from annotations.models import AnnotationSession, Assignment, Audience, BaseModel, EndReason, SessionKind, Study
from annotations.monitoring.person_courses import courses
from annotations.phrases import assignments
from annotations.studies import lifecycle
from annotations.visits import check_answers as comprehension
from annotations.visits import erasure, sessions, withdrawal
from annotations.visits import expert_visits as experts
from tests.support.actors import WRONG_TRIES, do_tutorial, start_visit
from tests.support.analysis_studies import two_tasks
from tests.support.rows import add_phrase


def of(study: Study, kind: SessionKind = SessionKind.PARTICIPANT) -> dict[str, tuple[Step, str]]:
    return {each.participant: (each.step, each.reason) for each in courses(study, kind).people}


def entered(study: Study, name: str) -> AnnotationSession:
    return sessions.enter(study, participant_id=name, study_id="s", session_id=f"{name}-visit")


def consented(study: Study, name: str) -> AnnotationSession:
    return sessions.give_consent(entered(study, name))


def test_everybody_who_entered_has_come_to_one_step_for_one_reason(open_study: Study) -> None:
    expected = {}
    for name, act, course in (
        ("ann", lambda: entered(open_study, "ann"), (Step.ENTERED, "no_answer")),
        ("ben", lambda: sessions.decline(entered(open_study, "ben")), (Step.ENTERED, "declined")),
        ("cem", lambda: consented(open_study, "cem"), (Step.CONSENTED, "inside")),
        ("dora", lambda: fail_the_check(open_study, "dora"), (Step.CONSENTED, "failed_check")),
        ("eve", lambda: start_visit(open_study, "eve").session, (Step.ALLOCATED, "inside")),
        ("fay", lambda: release(open_study, "fay", "expired"), (Step.ALLOCATED, "left")),
        ("gus", lambda: release(open_study, "gus", "returned"), (Step.ALLOCATED, "returned")),
        ("hal", lambda: finish(open_study, "hal", "red"), (Step.FINISHED, "")),
        ("ida", lambda: finish(open_study, "ida"), (Step.ALLOCATED, "no_phrase")),
        ("jon", lambda: run_out_of_time(open_study, "jon"), (Step.WORKED, "time_over")),
        ("kim", lambda: withdraw(open_study, "kim"), (Step.WORKED, "withdrew")),
    ):
        expected[act().participant.pseudonym] = course
        assert of(open_study) == expected, name


def test_an_erased_person_is_a_count_and_came_as_far_as_is_known(open_study: Study) -> None:
    finished, at_work = finish(open_study, "hal", "red"), start_visit(open_study, "eve").session
    for session in (finished, at_work):
        withdrawal.withdraw(session)
    assert erasure.erase_due(timezone.now())[0] == 2
    assert sorted(of(open_study).values()) == [(Step.CONSENTED, "erased"), (Step.FINISHED, "erased")]


def test_of_two_visits_the_one_that_came_furthest_counts(open_study: Study) -> None:
    release(open_study, "fay", "expired")
    session = sessions.enter(open_study, participant_id="fay-person", study_id="s", session_id="fay-again")
    assert courses(open_study, SessionKind.PARTICIPANT).people == (
        Course(session.participant.pseudonym, Step.ALLOCATED, "left"),
    )


def test_closing_ends_the_visits_that_last(open_study: Study) -> None:
    start_visit(open_study, "eve")
    lifecycle.close_study(open_study)
    open_study.refresh_from_db()
    assert list(of(open_study).values()) == [(Step.ALLOCATED, "study_closed")]


def test_experts_begin_with_the_tasks(base_model: BaseModel, coordinator: User) -> None:
    study = two_tasks(base_model, audience=Audience.EXPERTS)
    visit = experts.enter(study, coordinator)
    experts.pick(visit, study.tasks.get(position=2))
    found = courses(study, SessionKind.EXPERT)
    assert found.steps == (Step.ENTERED, Step.ALLOCATED, Step.WORKED, Step.FINISHED)
    assert of(study, SessionKind.EXPERT) == {visit.participant.pseudonym: (Step.ALLOCATED, "inside")}


def fail_the_check(study: Study, name: str) -> AnnotationSession:
    session = do_tutorial(consented(study, name))
    for answers in WRONG_TRIES:
        comprehension.answer(session, client_uuid=uuid.uuid4(), answers=answers)
    return session


def release(study: Study, name: str, reason: str) -> AnnotationSession:
    session = start_visit(study, name).session
    places.release(session, reason)
    return session


def finish(study: Study, name: str, *texts: str) -> AnnotationSession:
    visit = start_visit(study, name)
    for text in texts:
        add_phrase(visit, text, 0.5)
    Assignment.objects.filter(pk=visit.assignment.pk).update(
        state="ended", end_reason=EndReason.DONE, ended_at=timezone.now()
    )
    return sessions.finish(visit.session)


def run_out_of_time(study: Study, name: str) -> AnnotationSession:
    visit = start_visit(study, name)
    add_phrase(visit, "red", 0.5)
    assert visit.assignment.deadline_at is not None
    assignments.end_overdue(visit.assignment.deadline_at + dt.timedelta(seconds=1), session=visit.session)
    places.release(visit.session, "expired")
    return visit.session


def withdraw(study: Study, name: str) -> AnnotationSession:
    visit = start_visit(study, name)
    add_phrase(visit, "red", 0.5)
    return withdrawal.withdraw(visit.session)
