"""GET /visit/tasks/<uuid>/phrases/<uuid>"""

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.utils import timezone

from annotations.models import Event, Phrase
from annotations.phrases.task_screen import SLOW_AFTER
from tests.support.actors import Visit
from tests.support.views_pages import one, say, shown, task_url, tree
from worker.phrases.scoring import score_due_phrases


def test_nothing_changes_while_a_phrase_waits_until_it_is_scored(alice: Visit) -> None:
    say(alice, "red")
    url = task_url(alice, f"phrases/{Phrase.objects.get().client_uuid}")
    waits = alice.client.get(url)
    assert (waits.status_code, waits.content) == (204, b"")
    score_due_phrases()
    assert one(alice.client.get(url), "#answer")["data-state"] == "scored"


def test_a_look_at_a_phrase_that_waits_costs_three_queries(
    alice: Visit, django_assert_max_num_queries: Callable[[int], AbstractContextManager[None]]
) -> None:
    say(alice, "red")
    url = task_url(alice, f"phrases/{Phrase.objects.get().client_uuid}")
    with django_assert_max_num_queries(3):
        assert alice.client.get(url).status_code == 204


def test_a_long_wait_is_explained(alice: Visit) -> None:
    say(alice, "red")
    Phrase.objects.update(submitted_at=timezone.now() - SLOW_AFTER)
    answer = one(alice.client.get(task_url(alice, f"phrases/{Phrase.objects.get().client_uuid}")), "#answer")
    assert answer["data-state"] == "pending" and "longer than usual" in answer.text


def test_an_earlier_phrase_can_be_asked_for(alice: Visit) -> None:
    first = uuid.uuid4()
    say(alice, "red", first)
    say(alice, "blue")
    score_due_phrases()
    assert one(alice.client.get(task_url(alice, f"phrases/{first}")), "#answer")["data-phrase"] == str(first)


def test_asking_changes_nothing(alice: Visit) -> None:
    say(alice, "red")
    events = Event.objects.count()
    alice.client.get(task_url(alice, f"phrases/{Phrase.objects.get().client_uuid}"))
    assert Event.objects.count() == events


def test_an_unknown_phrase_is_not_found(alice: Visit) -> None:
    assert alice.client.get(task_url(alice, f"phrases/{uuid.uuid4()}")).status_code == 404


def test_somebody_else_s_phrase_is_not_found(alice: Visit, bob: Visit) -> None:
    say(alice, "red")
    url = task_url(alice, f"phrases/{Phrase.objects.get().client_uuid}")
    assert bob.client.get(url).status_code == 404


def test_the_verdict_leads_and_each_side_has_its_counts_and_its_share(alice: Visit) -> None:
    say(alice, "red")
    score_due_phrases()
    page = alice.client.get(task_url(alice))
    assert shown(one(page, ".verdict")) == "Your words explain the mistakes very well."
    assert [shown(says) for says in tree(page).select(".split .side p:not(.none)")] == [
        "With red 9 of 11 wrong",
        "82% wrong",
        "Without it 0 of 13 wrong",
        "0% wrong",
    ]
    assert not tree(page).select(".read-as, .enough")


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("dark", ["Images most like dark", "The others"]),
        ("not dark", ["Images least like dark", "The others"]),
        ("blue", ["With blue", "Without it"]),
        ("not blue", ["Without blue", "With it"]),
    ],
    ids=["guessing", "guessing, negated", "telling", "telling, negated"],
)
def test_words_no_better_than_guessing_are_said_to_be_in_no_image(alice: Visit, text: str, sides: list[str]) -> None:
    say(alice, text)
    score_due_phrases()
    page = alice.client.get(task_url(alice))
    assert [shown(says) for says in tree(page).select(".side p:first-child strong")] == sides


def test_a_negation_is_shown_as_it_is_scored(alice: Visit) -> None:
    say(alice, "no <b>blue</b>")
    score_due_phrases()
    page = alice.client.get(task_url(alice))
    assert shown(one(page, ".read-as")) == "We looked for images without <b>blue</b>."
    assert one(page, "#answer")["data-text"] == "no <b>blue</b>"
    sides = [shown(says) for says in tree(page).select(".side p:first-child strong")]
    assert sides == ["Images least like <b>blue</b>", "The others"]


def test_words_that_point_the_other_way_are_told_so_rather_than_given_0_in_silence(alice: Visit) -> None:
    say(alice, "blue")
    score_due_phrases()
    advice = one(alice.client.get(task_url(alice)), ".next-step")
    assert "The AI is wrong less often on images like that." in advice.text
