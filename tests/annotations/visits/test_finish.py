import pytest

from annotations.base.service_errors import StageMismatch
from annotations.models import EndAnswer, EndReason, Event, Outcome, Stage
from annotations.visits import sessions
from tests.support.steps import end, move_clock, submit


def test_a_visit_whose_tasks_are_done_is_completed(alice):
    submit(alice)
    end(alice)
    sessions.finish(alice.session)
    assert (alice.session.stage, alice.session.outcome) == (Stage.FINISHED, Outcome.COMPLETED)
    assert alice.session.ended_at is not None


def test_finishing_twice_counts_once(alice):
    submit(alice)
    end(alice)
    first = sessions.finish(alice.session).ended_at
    assert sessions.finish(alice.session).ended_at == first
    assert Event.objects.filter(kind="session_finished").count() == 1


def test_a_task_that_runs_keeps_the_visit_open(alice):
    with pytest.raises(StageMismatch, match="task left"):
        sessions.finish(alice.session)


def test_a_task_whose_time_is_over_does_not(alice):
    move_clock(alice.assignment, 601)
    sessions.finish(alice.session)
    alice.assignment.refresh_from_db()
    assert alice.session.stage == Stage.FINISHED
    assert alice.assignment.end_reason == EndReason.TIME_OVER


def test_a_visit_without_tasks_yet_is_not_finished(open_study):
    session = sessions.enter(open_study, participant_id="p", study_id="s", session_id="v")
    with pytest.raises(StageMismatch):
        sessions.finish(session)


def test_answers_to_the_studys_own_questions_are_stored_and_skipped_ones_are_not(alice):
    ask(alice, "How hard was it? | easy | hard\n\nWhat did you think of?\nAnything else?")
    submit(alice)
    end(alice)
    sessions.finish(alice.session, {1: "hard", 2: "  birds ", 3: " ", 9: "nobody asked"})
    assert list(EndAnswer.objects.values_list("number", "question", "answer")) == [
        (1, "How hard was it?", "hard"),
        (2, "What did you think of?", "birds"),
    ]


def test_of_a_question_with_choices_only_a_choice_is_an_answer(alice):
    ask(alice, "How hard was it? | easy | hard")
    submit(alice)
    end(alice)
    sessions.finish(alice.session, {1: "medium"})
    assert not EndAnswer.objects.exists()
    assert alice.session.stage == Stage.FINISHED


def test_the_first_answers_stay(alice):
    ask(alice, "What did you think of?")
    submit(alice)
    end(alice)
    for answer in ("birds", "bees"):
        sessions.finish(alice.session, {1: answer})
    assert EndAnswer.objects.get().answer == "birds"


def ask(visit, lines):
    configuration = visit.session.configuration
    configuration.data["study"]["end_questions"] = lines
    configuration.save()
