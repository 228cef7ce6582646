"""Every screen that was shown can be shown again: the log says what was on it, and the seed draws the same."""

import uuid

from annotations.models import Event, JudgementAnswer, event_kinds
from annotations.phrases import replies
from annotations.phrases.screen_records import replay_screen
from annotations.phrases.task_screen import Work
from tests.support.actors import Visit
from tests.support.views_pages import say, task_url
from worker.phrases.scoring import score_due_phrases


def screens() -> list[Event]:
    return list(Event.objects.filter(kind=event_kinds.SCREEN_SHOWN).order_by("pk"))


def _answered(work: Work) -> tuple[str, str]:
    """What the screen's answer is to, and what the person had said to its question."""
    assert work.answer is not None and work.answer.result is not None and work.answer.result.question is not None
    return work.answer.phrase.text, work.answer.result.question.answer


def test_a_page_logs_its_images_with_seed_and_draws(alice: Visit) -> None:
    alice.client.get(task_url(alice, "?right=1&wrong=0"))
    (shown,) = screens()
    assert shown.session == alice.session
    assert shown.payload["assignment"] == str(alice.assignment.public_id)
    assert shown.payload["seed"] == alice.session.seed
    assert shown.payload["draws"] == {"right": 1, "wrong": 0}
    assert {place: len(rows) for place, rows in shown.payload["rows"].items()} == {"right": 15, "wrong": 9}


def test_the_rows_are_those_of_the_images_on_the_page(alice: Visit) -> None:
    page = alice.client.get(task_url(alice)).content.decode()
    (shown,) = screens()
    keys = alice.assignment.task.base_model.dataset.files.image_keys
    rows = shown.payload["rows"]["right"] + shown.payload["rows"]["wrong"]
    at = [page.index(keys[row].decode()) for row in rows]
    assert at == sorted(at)


def test_an_answer_logs_its_split_and_a_page_that_waits_logs_nothing_new(alice: Visit) -> None:
    say(alice, "red", fragment=True)
    assert screens() == []
    score_due_phrases()
    phrase = alice.assignment.phrases.get()
    alice.client.get(task_url(alice, f"phrases/{phrase.client_uuid}"), headers={"Clarify-Fragment": "1"})
    (shown,) = screens()
    assert shown.payload["phrase"] == 1
    assert shown.payload["rows"].keys() == {"without", "with", "in_order"}


def test_a_screen_can_be_shown_again_with_the_same_images(alice: Visit) -> None:
    for query in ("", "?right=1&wrong=2"):
        alice.client.get(task_url(alice, query))
    say(alice, "red")
    score_due_phrases()
    alice.client.get(task_url(alice))
    logged = screens()
    assert logged[-1].payload["rows"].keys() == {"right", "wrong", "without", "with", "in_order"}
    assert logged[0].payload["rows"] != logged[1].payload["rows"]
    for shown in logged:
        again = replay_screen(shown, owner="user:1")
        assert again.is_same and again.rows == shown.payload["rows"]


def test_asking_for_a_pages_head_shows_nothing(alice: Visit) -> None:
    alice.client.head(task_url(alice))
    assert screens() == []


def test_a_screen_from_before_the_handle_was_moved_is_shown_as_it_was(alice: Visit) -> None:
    say(alice, "red")
    score_due_phrases()
    phrase = alice.assignment.phrases.get()
    for position in ("5", "20"):
        chosen = {"position": position, "client_uuid": uuid.uuid4()}
        alice.client.post(task_url(alice, f"phrases/{phrase.client_uuid}/threshold"), chosen)
        alice.client.get(task_url(alice))
    first, second = screens()
    assert first.payload["threshold"] < second.payload["threshold"]
    for shown in (first, second):
        again = replay_screen(shown, owner="user:1")
        assert again.is_same and again.rows == shown.payload["rows"]


def test_a_screen_shows_the_history_and_the_answer_as_they_were_then(alice: Visit) -> None:
    say(alice, "tilted")
    score_due_phrases()
    alice.client.get(task_url(alice))
    replies.judge(alice.assignment.phrases.get(), JudgementAnswer.NO)
    alice.client.get(task_url(alice))
    say(alice, "blue")
    score_due_phrases()
    alice.client.get(task_url(alice))
    works = [replay_screen(shown, owner="user:1").work for shown in screens()]
    assert [[line.phrase.text for line in work.history] for work in works] == [
        ["tilted"],
        ["tilted"],
        ["tilted", "blue"],
    ]
    assert [_answered(work) for work in works[:2]] == [("tilted", ""), ("tilted", "no")]
    assert works[2].answer is not None and works[2].answer.phrase.text == "blue"


def test_a_phrase_that_had_no_score_then_has_none_on_its_screen(alice: Visit) -> None:
    alice.client.get(task_url(alice))
    say(alice, "red")
    alice.client.get(task_url(alice))
    score_due_phrases()
    before, waiting = (replay_screen(shown, owner="user:1").work for shown in screens())
    assert before.history == ()
    assert [line.value for line in waiting.history] == [None]
    assert waiting.answer is not None and waiting.answer.result is None


def test_images_that_are_not_those_that_were_logged_are_named_as_such(alice: Visit) -> None:
    alice.client.get(task_url(alice))
    (shown,) = screens()
    shown.payload["rows"]["right"] = shown.payload["rows"]["right"][::-1]
    assert not replay_screen(shown, owner="user:1").is_same
