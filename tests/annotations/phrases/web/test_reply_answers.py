"""Answers to a scored phrase: another threshold, and whether the most similar images have it in them."""

import datetime as dt
import gzip
import uuid
from typing import Any

import pytest
from django.utils import timezone

from annotations.models import Judgement, Score, Study, Task, ThresholdChoice
from annotations.phrases.threshold_handle import N_STEPS, threshold_at
from tests.support.actors import Visit
from tests.support.steps import end, submit, submit_and_score
from tests.support.views_pages import one, say, shown, task_url, tree


def reply(visit: Visit, phrase: Any, what: str, *, fragment: bool = True, **fields: Any) -> Any:
    headers = {"Clarify-Fragment": "1"} if fragment else {}
    fields = {"client_uuid": uuid.uuid4()} | fields
    return visit.client.post(task_url(visit, f"phrases/{phrase.client_uuid}/{what}"), fields, headers=headers)


def test_a_position_of_the_handle_is_stored_as_its_threshold(alice: Visit) -> None:
    (phrase,) = submit_and_score(alice, "red")
    page = reply(alice, phrase, "threshold", position="20")
    assert ThresholdChoice.objects.get().threshold == threshold_at(phrase.score.similarity_array, 20)
    assert one(page, "#threshold-position")["value"] == "20"
    assert not one(page, "#threshold-best").has_attr("disabled")


def test_best_comes_before_the_position_beside_it(alice: Visit) -> None:
    (phrase,) = submit_and_score(alice, "red")
    reply(alice, phrase, "threshold", position="20")
    page = reply(alice, phrase, "threshold", position=["20", "best"])
    assert ThresholdChoice.objects.get().threshold is None
    assert one(page, "#threshold-best").has_attr("disabled")


def test_a_second_button_of_a_page_without_a_script_is_refused_in_words_that_fit_and_with_a_way_on(
    alice: Visit,
) -> None:
    (phrase,) = submit_and_score(alice, "dark")
    key = uuid.uuid4()
    reply(alice, phrase, "judgement", fragment=False, client_uuid=key, answer="yes")
    page = reply(alice, phrase, "judgement", fragment=False, client_uuid=key, answer="no")
    assert page.status_code == 422
    assert shown(one(page, "h1")) == "Please send that again"
    assert "Something else was sent from this page just before, and is kept." in tree(page).text
    assert one(page, "a.button")["href"] == "/visit/"
    assert Judgement.objects.get().answer == "yes"


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
    ("answer", "advice"), [("yes", "a new idea"), ("no", "other words"), ("unsure", "at a glance")]
)
def test_an_answer_brings_its_advice(alice: Visit, answer: str, advice: str) -> None:
    (phrase,) = submit_and_score(alice, "dark")
    page = reply(alice, phrase, "judgement", answer=answer)
    assert Judgement.objects.get().answer == answer
    assert advice in shown(one(page, "#doubt .advice"))
    assert one(page, f"#judge-{answer}")["aria-pressed"] == "true"


def test_a_form_without_a_script_says_which_reply_it_is_and_which_one_it_follows(alice: Visit) -> None:
    (phrase,) = submit_and_score(alice, "dark")
    page = alice.client.get(task_url(alice))
    first = one(page, "#judgement [name=client_uuid]")["value"]
    assert one(page, "#judgement [name=follows]")["value"] == ""
    page = reply(alice, phrase, "judgement", answer="no", client_uuid=first)
    assert one(page, "#judgement [name=follows]")["value"] == first
    assert one(page, "#judgement [name=client_uuid]")["value"] != first
    assert one(page, "#threshold [name=follows]")["value"] == ""


@pytest.mark.parametrize(("what", "said"), [("threshold", {"position": "20"}), ("judgement", {"answer": "no"})])
def test_a_reply_that_is_sent_again_shows_what_counts_by_now(alice: Visit, what: str, said: dict[str, Any]) -> None:
    (phrase,) = submit_and_score(alice, "dark")
    key = str(uuid.uuid4())
    reply(alice, phrase, what, client_uuid=key, **said)
    newer: dict[str, Any] = {name: {"20": "40", "no": "yes"}[value] for name, value in said.items()}
    reply(alice, phrase, what, **newer)
    again = reply(alice, phrase, what, client_uuid=key, **said)
    assert again.status_code == 200
    now, expected = {
        "threshold": (one(again, "#threshold-position")["value"], "40"),
        "judgement": (one(again, "#judge-yes")["aria-pressed"], "true"),
    }[what]
    assert now == expected
    assert phrase.replies.filter(kind=what).count() == 2


def test_a_kept_reply_tells_how_long_ago_it_was_made(alice: Visit) -> None:
    (phrase,) = submit_and_score(alice, "dark")
    Score.objects.update(scored_at=timezone.now() - dt.timedelta(minutes=10))
    reply(alice, phrase, "judgement", answer="yes")
    reply(alice, phrase, "judgement", answer="no", ago_ms="60000")
    assert Judgement.objects.get().answer == "yes"


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_uuid": ""},
        {"client_uuid": "\0"},
        {"follows": "x"},
        {"ago_ms": "-1"},
        {"ago_ms": "9" * 16},
        {"ago_ms": ""},
    ],
)
def test_a_reply_that_cannot_be_told_from_others_is_a_bad_request(alice: Visit, wrong: dict[str, Any]) -> None:
    (phrase,) = submit_and_score(alice, "dark")
    assert reply(alice, phrase, "judgement", **{"answer": "yes", **wrong}).status_code == 400
    assert not phrase.replies.exists()


def test_however_long_ago_a_wrong_clock_says_that_it_was_it_is_taken(alice: Visit) -> None:
    (phrase,) = submit_and_score(alice, "dark")
    assert reply(alice, phrase, "judgement", answer="yes", ago_ms="9" * 15).status_code == 200
    assert Judgement.objects.get().answered_at == phrase.score.scored_at


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


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Squares", "All of these images are square, the right ones too. What do only the wrong ones have?"),
        ("an oval", "an oval is what the AI said, and that is the mistake. What in the images made it say so?"),
    ],
)
def test_a_name_on_the_page_is_answered_as_that_without_parts_and_question(
    alice: Visit, text: str, answer: str
) -> None:
    (phrase,) = submit_and_score(alice, text)
    page = alice.client.get(f"{task_url(alice)}?phrase={phrase.client_uuid}")
    assert shown(one(page, "#verdict")) == answer
    assert not tree(page).select("#doubt, .side, #scale")


@pytest.mark.parametrize("text", ["no oval", "dark squares", "red"])
def test_words_that_say_more_than_a_name_are_scored_as_any_others(alice: Visit, text: str) -> None:
    (phrase,) = submit_and_score(alice, text)
    page = alice.client.get(f"{task_url(alice)}?phrase={phrase.client_uuid}")
    assert "Your words explain the mistakes" in shown(one(page, "#verdict"))


def test_suggested_words_are_links_that_fill_the_field(alice: Visit) -> None:
    Task.objects.update(suggested_words="red\n\n  a & b \n")
    chips = tree(alice.client.get(task_url(alice))).select(".suggestions .chip")
    assert [chip["data-fill"] for chip in chips] == ["red", "a & b"]
    page = alice.client.get(task_url(alice) + str(chips[1]["href"]))
    assert one(page, "#text")["value"] == "a & b"


def test_the_page_says_what_the_ai_said_instead(alice: Visit) -> None:
    page = alice.client.get(task_url(alice))
    assert shown(one(page, "#wrong-images .said")) == "it said oval"
    assert not tree(page).select("#right-images .said")


def test_the_tries_and_the_goal_are_shown(alice: Visit) -> None:
    Study.objects.update(goal=0.5)
    before = alice.client.get(task_url(alice))
    assert "0 of 20 tries" in shown(one(before, "#history h2"))
    say(alice, "red")
    submit_and_score(alice)
    after = alice.client.get(task_url(alice))
    assert "1 of 20" in shown(one(after, "#history h2"))
    assert "That is enough to stop." in shown(one(after, ".verdict"))
    assert not tree(after).select("#history .value")  # a number is for experts
    for button in ("#done .button", "#to-done"):
        assert "quiet" not in one(after, button)["class"]
    score = Score.objects.get()
    assert (score.goal, score.goal_shown, score.level_shown, score.page_version) == (0.5, True, "very well", 10)


def test_after_good_words_the_mistakes_that_are_left_are_the_way_on_while_there_are_tries(alice: Visit) -> None:
    submit_and_score(alice, "red")
    score = Score.objects.get()
    Score.objects.update(guessing_level=0.1, threshold=threshold_at(score.similarity_array, 114))
    said = "You can stop here. Want more? Look at the mistakes without red. What do they share?"
    assert shown(one(alice.client.get(task_url(alice)), ".next-step")) == said
    Task.objects.update(max_phrases=1)
    assert shown(one(alice.client.get(task_url(alice)), ".next-step")) == "You can stop here."


def test_the_answer_to_a_phrase_is_small(alice: Visit) -> None:
    Study.objects.update(suggest_rewordings=True, goal=0.9)
    phrases = submit_and_score(alice, *[f"dark thing number {number}" for number in range(20)])
    fragment = reply(alice, phrases[-1], "judgement", answer="no")
    assert tree(fragment).select("#doubt .chip")
    assert len(gzip.compress(fragment.content)) <= 6_000
