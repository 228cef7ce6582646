from pathlib import Path

import numpy as np
import pytest

from clarify_errors.arrays.common.modeling_errors import EncoderUnavailable
from clarify_errors.tensors.encoders import load_encoder

ENCODER = """
import numpy as np

class Theirs:
    name, dim = "theirs", 2
    def encode_images(self, images):
        return np.tile(np.array([[0, 1]], np.float32), (len(images), 1))
    def encode_texts(self, texts):
        return np.array([[text == "red", text != "red"] for text in texts], np.float32)

def load():
    return Theirs()

def other():
    encoder = Theirs()
    encoder.name = "other"
    return encoder

def needy(folder):
    return Theirs()

def nothing():
    return object()

constant = 3
"""


@pytest.fixture(autouse=True)
def _modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "their_encoder.py").write_text(ENCODER)
    (tmp_path / "their_broken_encoder.py").write_text("import a_package_that_nobody_has\n")
    monkeypatch.syspath_prepend(tmp_path)


def test_a_module_with_load_is_an_encoder() -> None:
    encoder = load_encoder("python:their_encoder")
    np.testing.assert_array_equal(encoder.encode_texts(["red", "blue"]), [[1, 0], [0, 1]])
    assert encoder.description == {"spec": "python:their_encoder", "name": "theirs", "dim": 2}


def test_a_factory_can_be_named() -> None:
    assert load_encoder("python:their_encoder:other").name == "other"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            "python:no_such_module",
            "python:no_such_module cannot be loaded: the module no_such_module is not.*PYTHONPATH",
        ),
        ("python:no_such_package.module", "the module no_such_package is not installed.*PYTHONPATH"),
        ("python:their_broken_encoder", "the module a_package_that_nobody_has is not installed"),
        ("python:their_encoder:missing", r"no function missing\(\)"),
        ("python:their_encoder:constant", r"no function constant\(\)"),
        ("python:their_encoder:needy", "must not need other arguments"),
        ("python:their_encoder:nothing", "lacks name, dim, encode_images, encode_texts"),
    ],
)
def test_what_is_missing_is_named(spec: str, message: str) -> None:
    with pytest.raises(EncoderUnavailable, match=message):
        load_encoder(spec)


@pytest.mark.parametrize(
    "spec", ["", "clip", "python:", "open_clip:ViT-L-14", "open_clip::openai", "bundled:large-clip"]
)
def test_a_spec_that_names_nothing_is_answered_with_the_forms(spec: str) -> None:
    with pytest.raises(EncoderUnavailable, match="names no encoder: use bundled:small-clip, open_clip:"):
        load_encoder(spec)
