"""Answers to a scored phrase: another threshold, and whether the most similar images have it in them."""

import uuid
from typing import Any

import pytest

from annotations.models import Judgement, Study, Task, ThresholdChoice
from annotations.readings.handle import N_STEPS, threshold_at
from tests.actors import Visit
from tests.annotations.views.pages import one, say, task_url, tree
from tests.steps import end, submit, submit_and_score


def reply(visit: Visit, phrase: Any, what: str, *, fragment: bool = True, **fields: str) -> Any:
    headers = {"Clarify-Fragment": "1"} if fragment else {}
    return visit.client.post(task_url(visit, f"phrases/{phrase.client_uuid}/{what}"), fields, headers=headers)


def test_a_position_of_the_handle_is_stored_as_its_threshold(alice: Visit) -> None:
    (phrase,) = submit_and_score(alice, "red")
    page = reply(alice, phrase, "threshold", position="20")
    assert ThresholdChoice.objects.get().threshold == threshold_at(phrase.score.similarity_array, 20)
    assert one(page, "#threshold-handle")["value"] == "20"
    assert not one(page, "#threshold-best").has_attr("disabled")


def test_best_comes_before_the_position_beside_it(alice: Visit) -> None:
    (phrase,) = submit_and_score(alice, "red")
    reply(alice, phrase, "threshold", position="20")
    page = reply(alice, phrase, "threshold", position=["20", "best"])  # type: ignore[arg-type]
    assert ThresholdChoice.objects.get().threshold is None
    assert one(page, "#threshold-best").has_attr("disabled")


@pytest.mark.parametrize("position", ["", "-1", str(N_STEPS + 1), "1.5", "²", "9" * 20, "\0"])
def test_a_position_that_is_none_is_a_bad_request(alice: Visit, position: str) -> None:
    (phrase,) = submit_and_score(alice, "red")
    assert reply(alice, phrase, "threshold", position=position).status_code == 400
    assert not ThresholdChoice.objects.exists()


def test_without_a_script_the_whole_page_follows(alice: Visit) -> None:
    (phrase,) = submit_and_score(alice, "red")
    response = reply(alice, phrase, "threshold", position="20", fragment=False, right="2", wrong="1")
    assert response.status_code == 303
    assert response["Location"] == f"{task_url(alice)}?phrase={phrase.client_uuid}&right=2&wrong=1"


@pytest.mark.parametrize(
    ("answer", "advice"), [("yes", "another idea"), ("no", "other words"), ("unsure", "at a glance")]
)
def test_an_answer_brings_its_advice(alice: Visit, answer: str, advice: str) -> None:
    (phrase,) = submit_and_score(alice, "dark")
    page = reply(alice, phrase, "judgement", answer=answer)
    assert Judgement.objects.get().answer == answer
    assert advice in one(page, "#doubt .advice").get_text()
    assert one(page, f"#judge-{answer}")["aria-pressed"] == "true"


def test_an_answer_that_was_not_offered_is_a_bad_request(alice: Visit) -> None:
    (phrase,) = submit_and_score(alice, "dark")
    assert reply(alice, phrase, "judgement", answer="maybe").status_code == 400


def test_rewordings_come_after_an_answer_that_calls_for_them(alice: Visit) -> None:
    Study.objects.update(suggest_rewordings=True)
    (phrase,) = submit_and_score(alice, "dark")
    assert not tree(reply(alice, phrase, "judgement", answer="yes")).select("#doubt .chip")
    chips = tree(reply(alice, phrase, "judgement", answer="no")).select("#doubt .chip")
    assert [chip["data-fill"] for chip in chips] == phrase.score.rewordings


@pytest.mark.parametrize("what", ["threshold", "judgement"])
def test_a_phrase_without_a_score_is_a_conflict(alice: Visit, what: str) -> None:
    assert reply(alice, submit(alice), what, position="3", answer="yes").status_code == 409


@pytest.mark.parametrize("what", ["threshold", "judgement"])
def test_somebody_elses_phrase_and_an_unknown_one_are_not_found(alice: Visit, bob: Visit, what: str) -> None:
    (phrase,) = submit_and_score(bob, "red")
    assert reply(alice, phrase, what, position="3", answer="yes").status_code == 404
    phrase.client_uuid = uuid.uuid4()
    assert reply(bob, phrase, what, position="3", answer="yes").status_code == 404


@pytest.mark.parametrize("what", ["threshold", "judgement"])
def test_after_the_end_it_is_a_conflict_and_nothing_changes(alice: Visit, what: str) -> None:
    (phrase,) = submit_and_score(alice, "dark")
    end(alice)
    assert reply(alice, phrase, what, position="3", answer="yes").status_code == 409
    assert not ThresholdChoice.objects.exists()
    assert not Judgement.objects.exists()


def test_the_class_named_gets_a_kind_word_and_no_question(alice: Visit) -> None:
    (phrase,) = submit_and_score(alice, "Squares")
    page = alice.client.get(f"{task_url(alice)}?phrase={phrase.client_uuid}")
    assert "what all of these images show" in one(page, ".kind-word").get_text()
    assert not tree(page).select("#doubt")


def test_suggested_words_are_links_that_fill_the_field(alice: Visit) -> None:
    Task.objects.update(suggested_words="red\n\n  a & b \n")
    chips = tree(alice.client.get(task_url(alice))).select(".suggestions .chip")
    assert [chip["data-fill"] for chip in chips] == ["red", "a & b"]
    page = alice.client.get(task_url(alice) + str(chips[1]["href"]))
    assert one(page, "#text")["value"] == "a & b"


def test_the_page_says_what_the_ai_said_instead(alice: Visit) -> None:
    page = alice.client.get(task_url(alice))
    assert one(page, "#wrong-images .said dl").get_text(" ", strip=True) == "oval 9"
    assert not tree(page).select("#right-images .said")


def test_the_tries_and_the_goal_are_shown(alice: Visit) -> None:
    Study.objects.update(goal=0.5)
    before = alice.client.get(task_url(alice))
    assert "0 of 20" in one(before, "#history h2").get_text()
    assert "Goal: a score of 0.50" in one(before, "#history").get_text()
    say(alice, "red")
    submit_and_score(alice)
    after = alice.client.get(task_url(alice))
    assert "1 of 20" in one(after, "#history h2").get_text()
    assert "You reached the goal" in one(after, "#history").get_text()


def test_the_answer_to_a_phrase_is_small(alice: Visit) -> None:
    Study.objects.update(suggest_rewordings=True, goal=0.9)
    phrases = submit_and_score(alice, *[f"dark thing number {number}" for number in range(20)])
    fragment = reply(alice, phrases[-1], "judgement", answer="no")
    assert tree(fragment).select("#doubt .chip")
    assert len(fragment.content) <= 30 * 1024
