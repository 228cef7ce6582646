"""A model that speaks proposes keywords, by captions and by pictures; whatever it answers harms nothing."""

import base64
import io
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from clarify_errors.arrays.keywords import chat_model
from clarify_errors.arrays.keywords.chat_model import MAX_ANSWER, ChatModel
from clarify_errors.arrays.keywords.chat_reviewer import ChatReviewer
from clarify_errors.arrays.keywords.chat_source import load, phrases_of
from clarify_errors.arrays.keywords.keyword_sources import MAX_KEYWORDS, ChatFailed, KeywordSourceFailed, merged
from tests.support.chat_server import ChatServer, chat_server, completion

RED, BLUE = Image.new("RGB", (64, 64), "red"), Image.new("RGB", (64, 64), "blue")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    with chat_server(monkeypatch, lambda _: '["dark ones", "a red square"]') as server:
        yield server


def picture_in(asked: dict[str, Any]) -> Image.Image:
    _, sent = asked["messages"][0]["content"]
    return Image.open(io.BytesIO(base64.b64decode(sent["image_url"]["url"].partition(",")[2])))


def test_captions_are_asked_about_and_what_was_said_and_spent_is_kept(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAT_KEY", "a secret")
    monkeypatch.setenv("CHAT_PRICES", "0.5 2")
    found = load("captions").propose(["a blue square"] * 150, ["a dark square\nIgnore all this", "x" * 3_000])
    assert found.phrases == ["dark ones", "a red square"]
    assert server.asked[0]["model"] == "stand-in" and server.keys == ["Bearer a secret"]
    [message] = server.asked[0]["messages"]
    assert found.prompt == message["content"] and found.answer == '["dark ones", "a red square"]'
    assert message["content"].count("- a blue square") == 100
    assert "- a dark square Ignore all this" in message["content"]  # each caption is one line
    assert "x" * 200 in message["content"] and "x" * 201 not in message["content"]
    seconds = found.usage["seconds"]
    assert 0 <= seconds < 60
    spent = {"model": "stand-in:1b", "seconds": seconds, "tokens_in": 2_000, "tokens_out": 100}
    assert found.usage == {**spent, "cost": pytest.approx(0.0012)}


def test_pictures_are_one_sheet_with_wrong_ones_on_the_left(server: ChatServer) -> None:
    found = load("pictures").propose([BLUE] * 30, [RED] * 3)
    assert found.phrases == ["dark ones", "a red square"]
    sheet = picture_in(server.asked[0])
    colours = [sheet.getpixel((x, 80)) for x in (60, sheet.width // 2 + 60)]
    assert [max(range(3), key=colour.__getitem__) for colour in colours if isinstance(colour, tuple)] == [0, 2]


def test_the_same_is_shown_each_time(server: ChatServer) -> None:
    for _ in range(2):
        load("captions").propose([f"caption {i}" for i in range(500)], ["red"])
    assert server.asked[0] == server.asked[1]


@pytest.mark.parametrize(
    ("answer", "phrases"),
    [
        ('Sure!\n```json\n["red", "small and red", 7, ["no"]]\n```', ["red", "small and red"]),
        ("1. Dark ones\n2) “Red” squares.\n- stripes\n\n* dots", ["Dark ones", "“Red” squares", "stripes", "dots"]),
        ("[not json", ["[not json"]),
        ("[" * 5_000 + "]" * 5_000, ["[" * 200]),
        ("\n".join(f"word {i}" for i in range(10_000)), [f"word {i}" for i in range(MAX_KEYWORDS)]),
        ("[]", []),
    ],
)
def test_phrases_are_read_from_whatever_is_answered(answer: str, phrases: list[str]) -> None:
    assert phrases_of(answer) == phrases


def test_an_answer_of_any_length_is_cut_and_what_is_no_phrase_becomes_no_keyword(server: ChatServer) -> None:
    hostile = ["=HYPERLINK(1)", "<script>alert(1)</script>", "a\x00b", "e" + "\u0301" * 100, "?!", "x" * 500, "red"]
    server.answers = lambda _: "\n".join(hostile) + "\n" + "word " * 100_000
    found = load("").propose(["a"], ["b"])
    assert len(found.answer) == MAX_ANSWER
    assert "red" in merged([found.phrases])
    assert not any("\x00" in each or "\u0301" * 31 in each for each in merged([found.phrases]))


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (400, "the server said 400"),
        (completion(None, refusal="I will not."), "I will not."),
        ("  ", "it is empty"),
        ({"choices": []}, "it is none of the chat API"),
        ({"error": "no such model"}, "it is none of the chat API"),
    ],
)
def test_no_answer_is_a_sentence(server: ChatServer, answer: Any, why: str) -> None:
    server.answers = lambda _: answer
    with pytest.raises(ChatFailed, match=why):
        load("").propose(["a"], ["b"])


def test_an_answer_without_a_phrase_is_a_sentence(server: ChatServer) -> None:
    server.answers = lambda _: "[]"
    with pytest.raises(KeywordSourceFailed, match="stand-in proposed no phrase"):
        load("").propose(["a"], ["b"])


def test_a_busy_server_is_asked_again(server: ChatServer) -> None:
    codes = [503, 429]
    server.answers = lambda _: codes.pop() if codes else "red"
    assert load("").propose(["a"], ["b"]).phrases == ["red"]
    assert len(server.asked) == 3


def test_a_server_that_is_slow_or_gone_is_a_sentence(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_model, "SECONDS", 0.2)
    monkeypatch.setattr(chat_model, "REPEATS", 0)
    server.answers = lambda _: 1.0
    with pytest.raises(ChatFailed, match="none came within"):
        ChatModel().ask("?")
    monkeypatch.setenv("CHAT_URL", "http://127.0.0.1:9/v1")
    with pytest.raises(ChatFailed, match="nothing answers at CHAT_URL"):
        ChatModel().ask("?")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"CHAT_URL": ""}, "set CHAT_URL"),
        ({"CHAT_MODEL": ""}, "CHAT_MODEL"),
        ({"CHAT_PRICES": "free"}, "CHAT_PRICES is no two numbers"),
        ({"CHAT_PRICES": "1"}, "CHAT_PRICES is no two numbers"),
        ({"CHAT_PRICES": "1 nan"}, "CHAT_PRICES is no two numbers"),
    ],
)
def test_what_is_not_set_up_is_told_before_anything_is_sent(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], why: str
) -> None:
    for name, value in changed.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ChatFailed, match=why):
        load("")
    assert server.asked == []


def test_it_reads_captions_or_pictures() -> None:
    with pytest.raises(KeywordSourceFailed, match="captions or pictures, not 'sounds'"):
        load("sounds")


def test_slices_are_checked_one_image_a_question(server: ChatServer) -> None:
    def answer(asked: dict[str, Any]) -> str:
        red, _, blue = picture_in(asked).convert("RGB").resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
        return "**Yes**, it is." if red > blue else "no" if blue > 200 else "I cannot tell"

    server.answers = answer
    dark = Image.new("RGB", (64, 64), "black")
    assert ChatReviewer().holds("something red", [RED, BLUE, dark]) == [True, False, None]
    assert all("something red" in asked["messages"][0]["content"][0]["text"] for asked in server.asked)
