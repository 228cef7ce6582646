"""The source of keywords that docs/analysts/files.md shows: a language model behind somebody's own server."""

import json
import re
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType

import pytest

from annotations.models import BaseModel, KeywordRanking
from clarify_errors.arrays.keywords.stored_captions import FOLDER
from tests.test_architecture import ROOT
from tests.worker.commands.captioned import caption_file, ranked
from tests.worker.commands.conftest import Command


class Chat(BaseHTTPRequestHandler):
    """Answers as servers of language models do, and keeps what it was asked."""

    asked: list[dict[str, object]] = []

    def do_POST(self) -> None:
        self.asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        answer = json.dumps({"choices": [{"message": {"content": "red shapes\n- \na dog\n"}}]}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch, sprites_directory: Path) -> Iterator[list[dict[str, object]]]:
    server = HTTPServer(("127.0.0.1", 0), Chat)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("CHAT_URL", f"http://127.0.0.1:{server.server_port}/v1/chat/completions")
    Chat.asked.clear()
    yield Chat.asked
    server.shutdown()
    server.server_close()
    for file in (sprites_directory / FOLDER).glob("*"):
        file.unlink()


def test_the_example_of_the_docs_asks_a_model_and_keeps_its_answer(
    command: Command,
    base_model: BaseModel,
    tmp_path: Path,
    chat: list[dict[str, object]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = re.search(
        r"```python\n(# hypotheses\.py.*?)```", (ROOT / "docs/analysts/files.md").read_text("utf-8"), re.DOTALL
    )
    assert found is not None
    module = ModuleType("hypotheses")
    exec(found[1], module.__dict__)
    monkeypatch.setitem(sys.modules, "hypotheses", module)
    command("import_captions", base_model.dataset.name, caption_file(base_model.dataset, tmp_path))
    ranked(command, base_model, tmp_path / "out", "--class", "square", "--from", "python:hypotheses:make")
    ranking = KeywordRanking.objects.get()
    assert {row["keyword"] for row in ranking.rows} == {"red shapes", "red", "shapes", "a dog", "dog"}
    (proposal,) = ranking.settings["proposals"]
    assert proposal["answer"] == "red shapes\n- \na dog\n" and "a red square on a" in proposal["prompt"]
    (of_half,) = ranking.settings["of_half"]["proposals"]
    asked = [str(each["messages"]).replace("\\n", "\n") for each in chat]  # of all images, and of one half
    assert all(made["prompt"] in sent for made, sent in zip((proposal, of_half), asked, strict=True))
