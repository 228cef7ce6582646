"""Weights named by a pretrained tag: from a hub that is played here, from its cache, and with no hub at all.

huggingface_hub reads its environment when it is imported, so each case is a process of its own.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

CODE = """
from modeling.encoders.weights import find_weights
from modeling.errors import EncoderUnavailable
try:
    weights = find_weights("ViT-L-14", "openai")
    print(weights.file.name, weights.file.read_bytes(), weights.quick_gelu, sorted(weights.preprocessing))
except EncoderUnavailable as error:
    print("unavailable:", error)
"""
FOUND = "open_clip_model.safetensors b'weights' True ['interpolation', 'mean', 'resize_mode', 'std']"


def find_with(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    settings = {"HF_HOME": str(tmp_path), "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    return subprocess.run(
        [sys.executable, "-c", CODE],
        env={**inherited, **settings, **environment},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip


class Hub(BaseHTTPRequestHandler):
    """A hub that has one file in each repository."""

    def do_HEAD(self) -> None:
        self.answer(b"")

    def do_GET(self) -> None:
        self.answer(b"weights")

    def answer(self, body: bytes) -> None:
        if not self.path.endswith("/resolve/main/open_clip_model.safetensors"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("ETag", '"abc"')
        self.send_header("Content-Length", "7")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def hub() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def nobody() -> Iterator[str]:
    """The address of a port that refuses connections."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@pytest.fixture
def silence() -> Iterator[str]:
    """The address of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def assert_says_what_to_do(run: subprocess.CompletedProcess[str]) -> None:
    assert run.stdout.startswith("unavailable: the weights of open_clip:ViT-L-14:openai are not on this machine")
    assert "download open_clip_model.safetensors and open_clip_config.json" in run.stdout
    assert "use open_clip:ViT-L-14:/path/to/open_clip_model.safetensors" in run.stdout
    assert run.stdout.count("\n") == 1
    assert "Retrying" not in run.stderr
    assert "Traceback" not in run.stderr


def test_a_tag_is_fetched_once_and_then_found_without_a_network(tmp_path: Path, nobody: str) -> None:
    with hub() as address:
        assert find_with(tmp_path, HF_ENDPOINT=address).stdout.strip() == FOUND
    assert find_with(tmp_path, HF_ENDPOINT=nobody).stdout.strip() == FOUND


def test_without_a_network_one_sentence_says_which_file_to_put_where(tmp_path: Path, nobody: str) -> None:
    assert_says_what_to_do(find_with(tmp_path, HF_ENDPOINT=nobody))


def test_in_offline_mode_nothing_is_asked(tmp_path: Path, silence: str) -> None:
    assert_says_what_to_do(find_with(tmp_path, HF_ENDPOINT=silence, HF_HUB_OFFLINE="1"))


def test_a_hub_that_never_answers_is_given_up(tmp_path: Path, silence: str) -> None:
    assert_says_what_to_do(find_with(tmp_path, HF_ENDPOINT=silence))
