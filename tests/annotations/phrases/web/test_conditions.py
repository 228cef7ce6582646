"""What a visit's condition shows on the task page, and what it keeps back."""

from typing import Any

import pytest

from annotations.models import BaseModel, Condition, Score
from annotations.phrases.assignments import start
from annotations.visits import sessions
from tests.support import actors
from tests.support.steps import submit_and_score
from tests.support.views_pages import task_url, tree


def visit_under(base_model: BaseModel, study_fields: dict[str, Any], **condition: object) -> actors.Visit:
    """Somebody at the first task of a study with one condition, or with none where nothing is said of it."""
    study = actors.create_study(base_model, goal=0.7, comprehension_check=False, **study_fields)
    study.tasks.update(suggested_words="stripes\nspots")
    if condition:
        Condition.objects.create(study=study, name="the condition", **condition)
    actors.open_study(study)
    session = sessions.enter(study, participant_id="ann", study_id="s", session_id="v")
    actors.do_tutorial(sessions.give_consent(session))
    assignment = start(session.assignments.get())
    return actors.Visit(session, assignment, actors.client_of(session), {})


def shown(visit: actors.Visit) -> str:
    submit_and_score(visit, "dark")
    return tree(visit.client.get(task_url(visit))).text


@pytest.mark.parametrize("condition", [{}, {"show_suggestions": True, "show_goal": True}])
def test_suggestions_and_goal_are_shown_by_default(base_model: BaseModel, condition: dict[str, object]) -> None:
    page = shown(visit_under(base_model, {}, **condition))
    assert "stripes" in page and "are enough to stop" in page


def test_a_condition_keeps_the_suggestions_back(base_model: BaseModel) -> None:
    page = shown(visit_under(base_model, {}, show_suggestions=False))
    assert "stripes" not in page and "are enough to stop" in page


def test_a_condition_keeps_the_goal_back(base_model: BaseModel) -> None:
    visit = visit_under(base_model, {}, show_goal=False)
    submit_and_score(visit, "red")
    page = visit.client.get(task_url(visit))
    assert "stripes" in tree(page).text
    assert not tree(page).select(".goal, .enough")
    score = Score.objects.get()
    assert (score.goal, score.goal_shown) == (0.7, False)


@pytest.mark.parametrize(
    ("study_says", "condition", "suggested"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"suggest_rewordings": False}, False),
        (False, {"suggest_rewordings": True}, True),
    ],
)
def test_other_wordings_are_suggested_by_the_condition_and_without_one_by_the_study(
    base_model: BaseModel, study_says: bool, condition: dict[str, object], suggested: bool
) -> None:
    visit = visit_under(base_model, {"suggest_rewordings": study_says}, **condition)
    (phrase,) = submit_and_score(visit, "red")
    assert bool(phrase.score.rewordings) is suggested
