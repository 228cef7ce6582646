"""How people go through a study: steps, activity, drop-out, active time."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from annotations.models import (
    AnnotationSession,
    EndReason,
    Event,
    SessionKind,
    Span,
    SpanKind,
    Stage,
    Study,
    Submission,
)
from annotations.monitoring.participant_flow import Flow, Share, flow
from annotations.monitoring.study_people import ACTIVE_WITHIN, GONE_AFTER
from annotations.phrases import assignments
from annotations.visits import check_answers as comprehension
from annotations.visits import erasure, sessions, withdrawal
from tests.support import actors
from tests.support.actors import WRONG_ANSWERS, WRONG_TRIES, Visit, create_study, do_tutorial, start_visit
from tests.support.rows import add_phrase

pytestmark = pytest.mark.usefixtures("stored_alice")

SECOND = dt.timedelta(seconds=1)


def seen(study: Study, later: dt.timedelta = dt.timedelta()) -> Flow:
    return flow(study, timezone.now() + later)


def by_label(found: Flow) -> dict[str, tuple[int, int, int, int]]:
    return {step.label: (step.reached, step.active, step.idle, step.left) for step in found.people.steps}


def finish(visit: Visit) -> AnnotationSession:
    add_phrase(visit, "red", 0.5)
    assignments.end(visit.assignment, EndReason.DONE)
    visit.session.refresh_from_db()
    return sessions.finish(visit.session)


def entered(study: Study, name: str) -> AnnotationSession:
    return sessions.enter(study, participant_id=name, study_id="s", session_id=f"{name}-visit")


def test_everybody_who_came_to_a_step_is_there_or_went_on(open_study: Study, alice: Visit) -> None:
    entered(open_study, "carol")
    sessions.give_consent(entered(open_study, "dora"))
    assert by_label(seen(open_study)) == {
        "Consent": (3, 1, 0, 0),
        "Tutorial": (2, 1, 0, 0),
        "Check": (1, 0, 0, 0),
        "Task": (1, 1, 0, 0),
        "Last page": (0, 0, 0, 0),
        "Finished": (0, 0, 0, 0),
    }


def test_silence_makes_idle_and_long_silence_gone(open_study: Study, alice: Visit) -> None:
    steps = [
        by_label(seen(open_study, later))["Task"] for later in (ACTIVE_WITHIN / 2, GONE_AFTER / 2, GONE_AFTER + SECOND)
    ]
    assert steps == [(1, 1, 0, 0), (1, 0, 1, 0), (1, 0, 0, 1)]


def test_a_span_in_view_is_a_sign_of_life_and_an_idle_one_is_not(open_study: Study, alice: Visit) -> None:
    later = timezone.now() + GONE_AFTER * 2
    for kind, active in ((SpanKind.IDLE, 0), (SpanKind.HIDDEN, 0), (SpanKind.VISIBLE, 1)):
        add_span(alice.session, kind, later - 5 * SECOND, later)
        assert by_label(flow(open_study, later))["Task"][1] == active


def test_who_ended_the_last_task_is_at_the_last_page(open_study: Study, alice: Visit) -> None:
    add_phrase(alice, "red", 0.5)
    assignments.end(alice.assignment, EndReason.DONE)
    assert by_label(seen(open_study))["Last page"] == (1, 1, 0, 0)
    finish_page = AnnotationSession.objects.get(pk=alice.session.pk)
    sessions.finish(finish_page)
    assert by_label(seen(open_study))["Finished"] == (1, 0, 0, 0)


def test_dropout_is_who_left_of_those_who_left_or_finished(open_study: Study, alice: Visit, bob: Visit) -> None:
    finish(alice)
    entered(open_study, "carol")  # never consented, so she does not count
    assert seen(open_study).shares.dropout == Share(0, 1)
    assert seen(open_study, GONE_AFTER + SECOND).shares.dropout == Share(1, 2)
    assert seen(open_study).people.finished == 1


def test_of_nobody_there_is_no_share(open_study: Study) -> None:
    assert seen(open_study).shares.dropout.value is None
    assert seen(open_study).active_s is None


@pytest.mark.parametrize("kind", [SessionKind.PREVIEW, SessionKind.SIMULATED, SessionKind.EXPERT])
def test_previews_simulated_visits_and_experts_are_left_out(open_study: Study, alice: Visit, kind: str) -> None:
    session = alice.session
    session.pk, session.public_id, session.submission_key, session.kind = None, uuid.uuid4(), "another", kind
    session.save(force_insert=True)
    assert by_label(seen(open_study))["Task"][0] == 1


def test_who_failed_the_check_of_all_whose_check_ended(open_study: Study, alice: Visit) -> None:
    session = do_tutorial(sessions.give_consent(entered(open_study, "carol")))
    comprehension.answer(session, client_uuid=uuid.uuid4(), answers=WRONG_ANSWERS)
    assert seen(open_study).shares.failed_check == Share(0, 1)  # she has a second try
    comprehension.answer(session, client_uuid=uuid.uuid4(), answers=WRONG_TRIES[1])
    assert session.study.sessions.filter(stage=Stage.NOT_PASSED).count() == 1
    assert seen(open_study).shares.failed_check == Share(1, 2)
    assert by_label(seen(open_study))["Check"] == (2, 0, 0, 0)


def test_an_erasure_leaves_both_counts_of_the_check_as_they_were(open_study: Study, alice: Visit) -> None:
    session = do_tutorial(sessions.give_consent(entered(open_study, "carol")))
    for answers in WRONG_TRIES:
        comprehension.answer(session, client_uuid=uuid.uuid4(), answers=answers)
    before = seen(open_study)
    session.refresh_from_db()
    withdrawal.withdraw(session)
    assert erasure.erase_due(timezone.now())[0] == 1
    after = seen(open_study)
    assert after.shares.failed_check == before.shares.failed_check == Share(1, 2)
    assert by_label(after)["Check"][0] == by_label(before)["Check"][0] == 2


def test_who_withdrew_came_as_far_as_they_were(open_study: Study, alice: Visit) -> None:
    withdrawal.withdraw(alice.session)  # in the middle of her task: it ends by that, and she never saw the last page
    assert by_label(seen(open_study))["Task"][0] == 1
    assert by_label(seen(open_study))["Last page"][0] == 0
    erasure.erase_due(timezone.now())
    assert by_label(seen(open_study))["Check"][0] == 1  # her tasks are gone, and the tutorial's end is not
    carol = sessions.give_consent(entered(open_study, "carol"))
    withdrawal.withdraw(carol)
    assert by_label(seen(open_study))["Tutorial"] == (2, 0, 0, 0)


def test_submissions_that_were_returned_or_timed_out(open_study: Study, alice: Visit, bob: Visit) -> None:
    Submission.objects.filter(session=alice.session).update(status="RETURNED")
    Submission.objects.filter(session=bob.session).update(status="AWAITING REVIEW")
    assert seen(open_study).shares.returned == Share(1, 2)


def test_active_time_is_the_union_of_what_was_in_view(open_study: Study, alice: Visit) -> None:
    start = timezone.now() - dt.timedelta(hours=1)
    for kind, begins, ends in (
        (SpanKind.VISIBLE, 0, 60),
        (SpanKind.VISIBLE, 30, 90),  # in a second window
        (SpanKind.IDLE, 90, 400),
        (SpanKind.HIDDEN, 400, 500),
        (SpanKind.VISIBLE, 500, 510),
        (SpanKind.VISIBLE, 600, 600),  # no time at all
    ):
        add_span(alice.session, kind, start + begins * SECOND, start + ends * SECOND)
    assert seen(open_study).active_s is None  # she has not finished
    finish(alice)
    assert seen(open_study).active_s == 100


def test_without_a_check_there_is_no_such_step(open_study: Study, alice: Visit) -> None:
    Study.objects.update(comprehension_check=False)
    open_study.refresh_from_db()
    assert "Check" not in by_label(seen(open_study))
    assert by_label(seen(open_study))["Task"] == (1, 1, 0, 0)


def test_events_are_signs_of_life(open_study: Study, alice: Visit) -> None:
    newest = Event.objects.filter(session=alice.session).latest("occurred_at").occurred_at
    assert by_label(flow(open_study, newest + ACTIVE_WITHIN))["Task"][1] == 1
    assert by_label(flow(open_study, newest + ACTIVE_WITHIN + SECOND))["Task"][1] == 0


def add_span(session: AnnotationSession, kind: str, began_at: dt.datetime, ended_at: dt.datetime) -> None:
    Span.objects.create(
        session=session,
        client_uuid=uuid.uuid4(),
        opening=uuid.uuid4(),
        kind=kind,
        began_at=began_at,
        ended_at=ended_at,
        received_at=ended_at,
    )


def test_two_tasks_have_two_steps(base_model) -> None:
    study = create_study(base_model, "two")
    study.tasks.create(position=2, base_model=base_model, target_class=1)
    visit = start_visit(actors.open_study(study), "alice")
    assert [label for label in by_label(seen(study)) if label.startswith("Task")] == ["Task 1", "Task 2"]
    add_phrase(visit, "red", 0.5)
    assignments.end(visit.assignment, EndReason.DONE)
    assert by_label(seen(study))["Task 2"] == (1, 1, 0, 0)
