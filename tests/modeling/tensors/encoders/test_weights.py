"""Weights named by a pretrained tag: from a hub that is played here, from its cache, and with no hub at all."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from huggingface_hub import constants
from huggingface_hub.errors import LocalEntryNotFoundError

from clarify_errors.arrays.common.modeling_errors import EncoderUnavailable
from clarify_errors.tensors.encoders import clip
from clarify_errors.tensors.encoders import hub as hub_files
from clarify_errors.tensors.encoders.clip import find_weights

SENTENCE = (
    r"^the weights of open_clip:ViT-L-14:openai are not on this machine and cannot be fetched: on a machine with a "
    r"network, download open_clip_model\.safetensors and open_clip_config\.json from the Hugging Face repository "
    r"timm/\S+ into one folder, copy it here, and use open_clip:ViT-L-14:/path/to/open_clip_model\.safetensors$"
)


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(hub_files, "ANSWER_TIMEOUT_S", 1)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def use_hub(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}")


class Hub(BaseHTTPRequestHandler):
    """A hub that has one file in each repository."""

    only_file = "open_clip_model.safetensors"

    def do_HEAD(self) -> None:
        self.answer(b"")

    def do_GET(self) -> None:
        self.answer(b"weights")

    def answer(self, body: bytes) -> None:
        if not self.path.endswith(f"/{self.only_file}"):
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
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


@pytest.mark.parametrize("only_file", ["open_clip_model.safetensors", "open_clip_pytorch_model.bin"])
def test_a_tag_is_fetched_once_and_then_found_without_a_network(
    only_file: str, nobody: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hub, "only_file", only_file)
    with hub() as address:
        use_hub(monkeypatch, address)
        fetched = find_weights("ViT-L-14", "openai")
    use_hub(monkeypatch, nobody)
    assert find_weights("ViT-L-14", "openai") == fetched
    assert (fetched.file.name, fetched.file.read_bytes()) == (only_file, b"weights")


def test_a_tag_brings_its_activation_and_preprocessing(monkeypatch: pytest.MonkeyPatch) -> None:
    with hub() as address:
        use_hub(monkeypatch, address)
        openai, laion = (find_weights("ViT-L-14", tag) for tag in ("openai", "laion2b_s32b_b82k"))
    assert (openai.quick_gelu, laion.quick_gelu) == (True, False)
    assert laion.preprocessing["mean"] == (0.5, 0.5, 0.5) != openai.preprocessing["mean"]


def test_without_a_network_one_sentence_says_which_file_to_put_where(
    nobody: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    use_hub(monkeypatch, nobody)
    with pytest.raises(EncoderUnavailable, match=SENTENCE) as caught:
        find_weights("ViT-L-14", "openai")
    assert caught.value.__context__ is None
    assert capfd.readouterr() == ("", "")


def test_a_hub_that_never_answers_is_given_up(silence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use_hub(monkeypatch, silence)
    with pytest.raises(EncoderUnavailable, match=SENTENCE):
        find_weights("ViT-L-14", "openai")


def test_an_error_of_the_hubs_http_library_is_no_traceback_either(monkeypatch: pytest.MonkeyPatch) -> None:
    class ConnectionCut(Exception):  # as httpx2 and requests have it: no OSError
        pass

    def download(repository: str, name: str, *, local_files_only: bool = False) -> str:
        raise LocalEntryNotFoundError("not cached") if local_files_only else ConnectionCut

    monkeypatch.setattr(clip, "hf_hub_download", download)
    with hub() as address:
        use_hub(monkeypatch, address)
        with pytest.raises(EncoderUnavailable, match=SENTENCE):
            find_weights("ViT-L-14", "openai")


def test_in_offline_mode_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    asked: list[object] = []
    monkeypatch.setattr(hub_files, "urlopen", asked.append)
    with pytest.raises(EncoderUnavailable, match=SENTENCE):
        find_weights("ViT-L-14", "openai")
    assert not asked


def test_a_repository_without_weights_is_answered_likewise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Hub, "only_file", "README.md")
    with hub() as address:
        use_hub(monkeypatch, address)
        with pytest.raises(EncoderUnavailable, match=SENTENCE):
            find_weights("ViT-L-14", "openai")
