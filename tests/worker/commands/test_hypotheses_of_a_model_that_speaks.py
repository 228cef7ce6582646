"""Keywords that a model behind the chat API proposes, ranked as any others are."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from annotations.models import BaseModel, KeywordRanking
from tests.support.chat_server import ChatServer, chat_server
from tests.worker.commands.captioned import caption_file, ranked, rows_of
from tests.worker.commands.conftest import Command


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    with chat_server(monkeypatch, lambda _: '["red", "a striped background"]') as server:
        yield server


@pytest.fixture
def captioned(base_model: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BaseModel:
    """The data set's folder is of the whole session, so that its captions lie elsewhere."""
    monkeypatch.setattr("clarify_errors.arrays.keywords.stored_captions.FOLDER", f"captions-{tmp_path.name}")
    call_command(
        "import_captions", base_model.dataset.name, caption_file(base_model.dataset, tmp_path), stdout=io.StringIO()
    )
    return base_model


def test_hypotheses_by_captions_are_ranked_and_kept_with_what_they_took(
    command: Command, captioned: BaseModel, tmp_path: Path, server: ChatServer
) -> None:
    ranked(command, captioned, tmp_path / "out", "--class", "square", "--from", "chat:captions")
    assert rows_of(tmp_path / "out")[0]["keyword"] == "red"
    ranking = KeywordRanking.objects.get()
    assert ranking.list_name == "captions “captions”: chat:captions"
    [kept] = ranking.settings["proposals"]
    assert (kept["name"], kept["tokens_in"]) == ("chat stand-in, captions", 2_000)
    assert kept["prompt"] == server.asked[0]["messages"][0]["content"]
    assert len(server.asked) == 2  # the second time of the half that does not give p


def test_pictures_go_out_only_where_somebody_says_so_and_need_no_captions(
    command: Command, base_model: BaseModel, tmp_path: Path, server: ChatServer
) -> None:
    with pytest.raises(CommandError, match="Add --images-may-leave"):
        ranked(command, base_model, tmp_path / "out", "--class", "square", "--from", "chat:pictures")
    assert server.asked == []
    more = ("--class", "square", "--from", "chat:pictures", "--images-may-leave")
    ranked(command, base_model, tmp_path / "out", *more)
    assert rows_of(tmp_path / "out")[0]["keyword"] == "red"
    assert KeywordRanking.objects.get().list_name == "pictures: chat:pictures"
    assert all(asked["messages"][0]["content"][1]["type"] == "image_url" for asked in server.asked)


def test_a_server_that_fails_later_costs_only_the_classes_for_which_it_did(
    command: Command, captioned: BaseModel, tmp_path: Path, server: ChatServer
) -> None:
    server.answers = lambda _: '["red"]' if len(server.asked) <= 2 else 400
    told = ranked(command, captioned, tmp_path / "out", "--from", "chat")
    assert "skipped, stand-in gave no answer: the server said 400." in told
    assert {row["class"] for row in rows_of(tmp_path / "out")} == {
        KeywordRanking.objects.get().base_model.dataset.class_names[0]
    }


def test_a_server_that_fails_at_once_ends_the_command(
    command: Command, captioned: BaseModel, tmp_path: Path, server: ChatServer
) -> None:
    server.answers = lambda _: 404
    with pytest.raises(CommandError, match="the server said 404"):
        ranked(command, captioned, tmp_path / "out", "--from", "chat")
    assert len(server.asked) == 1


def test_without_a_server_the_command_says_what_to_set(
    command: Command, captioned: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHAT_URL", raising=False)
    with pytest.raises(CommandError, match="set CHAT_URL"):
        ranked(command, captioned, tmp_path / "out", "--from", "chat")
