"""An encoder for tests: what an image shows is read off its colours, what a text says off its words. No torch.

Use it as `python:tests.support.fake_encoder`. Images and texts share DIM dimensions: red, green, blue, brightness, how
square the shape is, and a few that stand for all else, where a word lands by its hash and an image by that of its
pixels.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

DIM = 12
_N_KNOWN = 5
_WORDS: dict[str, tuple[int, float]] = {
    "red": (0, 1),
    "green": (1, 1),
    "blue": (2, 1),
    "light": (3, 1),
    "bright": (3, 1),
    "dark": (3, -1),
    "square": (4, 1),
    "oval": (4, -1),
}
_ELSE = 0.05  # how much all else counts beside what is known


class FakeEncoder:
    """Deterministic, and a row never depends on the others of its batch."""

    name = "fake-colour-statistics"
    dim = DIM

    def encode_images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        """float32[n, DIM] unit rows from n images of any mode and size."""
        return np.stack([_unit(_of_image(image)) for image in images])

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[n, DIM] unit rows from n texts."""
        return np.stack([_unit(_of_text(text)) for text in texts])


def load() -> FakeEncoder:
    return FakeEncoder()


def _of_image(image: Image.Image) -> NDArray[np.float64]:
    pixels = np.asarray(image.convert("RGB").resize((16, 16)), np.float64) / 255
    centre, corners = pixels[6:10, 6:10].mean((0, 1)), pixels[[2, 2, -3, -3], [2, -3, 2, -3]].mean(0)
    background = pixels[[0, 0, -1, -1], [0, -1, 0, -1]].mean(0)
    squareness = 1 - 2 * np.abs(corners - centre).sum() / max(np.abs(background - centre).sum(), 1e-6)
    known = np.array([*(centre - centre.mean()), background.mean() - 0.5, np.clip(squareness, -1, 1)])
    return np.concatenate([known, _ELSE * _hashed(pixels.tobytes())])


def _of_text(text: str) -> NDArray[np.float64]:
    vector = np.zeros(DIM)
    for word in text.casefold().split():
        stem = word.strip(".,;:!?\"'()").removesuffix("s")
        if stem in _WORDS:
            dimension, sign = _WORDS[stem]
            vector[dimension] += sign
        vector[_N_KNOWN:] += _ELSE * _hashed(stem.encode())
    vector[-1] += _ELSE  # even an empty text has a direction
    return vector


def _hashed(data: bytes) -> NDArray[np.float64]:
    digest = np.frombuffer(hashlib.sha256(data).digest()[: DIM - _N_KNOWN], np.uint8)
    return digest / 127.5 - 1


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float32]:
    return (vector / np.linalg.norm(vector)).astype(np.float32)
