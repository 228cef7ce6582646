"""The question how much people trust the AI: at the end, in every condition alike, and free to skip."""

from typing import Any

import pytest

from annotations.models import AnnotationSession, Condition, EndAnswer, Event, Study
from annotations.models.end_questions import RATINGS, TRUST
from annotations.releases.tables.table_rows import source_of
from annotations.visits.withdrawal import withdraw
from tests.support.actors import Visit
from tests.support.steps import end, submit_and_score
from tests.support.views_pages import one, shown, tree

FIRST = f"trust-{min(TRUST)}"


@pytest.fixture
def finished(alice: Visit) -> Visit:
    Study.objects.update(ask_trust=True)
    submit_and_score(alice, "red")
    end(alice)
    alice.client.post("/visit/end")
    return alice


def send(visit: Visit, **answers: str) -> Any:
    return visit.client.post("/visit/end", {name.replace("_", "-"): answer for name, answer in answers.items()})


def answers() -> list[tuple[int, str]]:
    return list(EndAnswer.objects.values_list("number", "answer"))


def test_the_three_statements_of_the_scale_stand_below_the_code(finished: Visit) -> None:
    page = finished.client.get("/visit/end")
    legends = [shown(legend) for legend in tree(page).select("#trust legend")]
    assert legends == ["I am confident in the AI.", "The AI is reliable.", "I can trust the AI."]
    text = page.content.decode()
    assert text.index("completion-code") < text.index("trust-question")
    assert [str(radio["value"]) for radio in tree(page).select(f"input[name={FIRST}]")] == list(RATINGS)


def test_answers_are_stored_logged_and_thanked_for_once(finished: Visit) -> None:
    for rating in "52":
        send(finished, trust_11=rating, trust_12="7", trust_13="1")
    assert answers() == [(11, "5"), (12, "7"), (13, "1")]
    (rows,) = [event.payload["changed_rows"]["end_answer"] for event in Event.objects.filter(kind="trust_rated")]
    assert len(rows) == 3
    page = finished.client.get("/visit/end")
    assert "We stored your answer" in shown(one(page, "#trust-question")) and not tree(page).select("#trust")


def test_one_may_skip_all_or_some(finished: Visit) -> None:
    send(finished)
    assert answers() == [] and one(finished.client.get("/visit/end"), "#trust")
    send(finished, trust_12="4")
    assert answers() == [(12, "4")]


@pytest.mark.parametrize("rating", ["0", "8", "very much", "55"])
def test_what_is_no_rating_is_not_stored(finished: Visit, rating: str) -> None:
    send(finished, trust_11=rating)
    assert answers() == []


def test_before_finish_and_after_a_withdrawal_nobody_is_asked(alice: Visit) -> None:
    Study.objects.update(ask_trust=True)
    submit_and_score(alice, "red")
    end(alice)
    assert not tree(alice.client.get("/visit/end")).select("#trust-question")
    send(alice, trust_11="4")  # finishes the visit
    withdraw(AnnotationSession.objects.get())
    assert not tree(alice.client.get("/visit/end")).select("#trust-question")
    send(alice, trust_11="5")
    assert "5" not in [answer for _, answer in answers()]


@pytest.mark.parametrize("show_effect", [True, False])
def test_each_condition_is_asked_in_the_same_place_and_nobody_is_led_away(finished: Visit, show_effect: bool) -> None:
    condition = Condition.objects.create(study=Study.objects.get(), name="c", position=9, show_effect=show_effect)
    AnnotationSession.objects.update(condition=condition)
    response = finished.client.get("/visit/end?leaving=1")
    assert "Refresh" not in response
    *_, code, trust, mind, data = (shown(heading) for heading in tree(response).select("main h2"))
    assert (code, trust) == ("Your completion code", "How much do you trust the AI now?")
    assert (mind, data) == ("If you change your mind", "Your data")


def test_the_table_of_visits_tells_by_condition_how_many_statements_each_person_rated(finished: Visit) -> None:
    condition = Condition.objects.create(study=Study.objects.get(), name="sees nothing", position=9)
    AnnotationSession.objects.update(condition=condition)
    send(finished, trust_11="5", trust_13="1")
    source = source_of(Study.objects.get(), "sessions")
    (row,) = (dict(zip(source.table.header, source.table.cells(visit), strict=True)) for visit in source)
    assert (row["condition"], row["shows_effect"], row["trust_answers"]) == ("sees nothing", False, 2)
    assert row["check_tries"] == finished.session.check_attempts.count() > 0


def test_a_study_that_does_not_ask_stores_nothing(finished: Visit) -> None:
    Study.objects.update(ask_trust=False)
    send(finished, trust_11="5")
    assert answers() == [] and not tree(finished.client.get("/visit/end")).select("#trust-question")


@pytest.mark.parametrize(
    ("asked_in", "language", "question"),
    [
        ("de", "de", "Ich habe Zutrauen zur KI."),
        ("en", "en", "I am confident in the AI."),
        ("x" * 50, "en", "I am confident in the AI."),
    ],
)
def test_a_statement_is_stored_in_the_language_in_which_it_was_shown(
    finished: Visit, asked_in: str, language: str, question: str
) -> None:
    finished.client.post("/visit/end", {"asked_in": asked_in, FIRST: "3"})
    answer = EndAnswer.objects.get()
    assert (answer.language, answer.question) == (language, question)
