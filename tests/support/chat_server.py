"""A stand-in for a model that speaks: the chat API of Ollama, vLLM and llama.cpp, with answers that a test writes."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

Answers = Callable[[dict[str, Any]], Any]
"""By the request's JSON: a text, a status, the whole JSON of an answer, or seconds to wait."""


class ChatServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, answers: Answers) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers, self.asked = answers, list[dict[str, Any]]()
        self.keys: list[str | None] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: ChatServer

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(asked)
        self.server.keys.append(self.headers["Authorization"])
        answer = self.server.answers(asked) if self.path == "/v1/chat/completions" else 404
        if isinstance(answer, float):
            time.sleep(answer)
        status = answer if isinstance(answer, int) else 200
        body = json.dumps(answer if isinstance(answer, dict) else completion(str(answer))).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


def completion(text: str | None, **message: Any) -> dict[str, Any]:
    """What the API answers with a text."""
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 0,
        "model": "stand-in:1b",
        "choices": [
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text, **message}}
        ],
        "usage": {"prompt_tokens": 2_000, "completion_tokens": 100, "total_tokens": 2_100},
    }


@contextmanager
def chat_server(environment: pytest.MonkeyPatch, answers: Answers) -> Iterator[ChatServer]:
    """A server that the environment names as the model "stand-in"."""
    with ChatServer(answers) as server:
        environment.setenv("CHAT_URL", server.address)
        environment.setenv("CHAT_MODEL", "stand-in")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
