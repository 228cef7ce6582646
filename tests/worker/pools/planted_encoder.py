"""An encoder whose embeddings are planted: an image's first pixels say its class, its pattern and its noise.

Use it as `python:tests.worker.pools.planted_encoder`. Words that are none of CLASSES or PATTERNS are directions that
have to do with nothing.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

DIM = 32
CLASSES, PATTERNS = ("heron", "crane", "stork", "ibis"), ("rain", "snow")
_OF_CLASS, _OF_PATTERN, _NOISE = 0.6, 2.0, 0.2
_SEEN = {word: place for place, word in enumerate((*CLASSES, *PATTERNS))}


class PlantedEncoder:
    name = "planted-patterns"
    dim = DIM

    def encode_images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        """float32[n, DIM] unit rows."""
        return np.stack([_of_image(np.asarray(image.convert("RGB"))[0, :2].ravel()) for image in images])

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[n, DIM] unit rows."""
        return np.stack([_of_text(text) for text in texts])


def load() -> PlantedEncoder:
    return PlantedEncoder()


def picture(label: int, pattern: int | None, number: int) -> Image.Image:
    """An image of a class, with a pattern or without; `number` makes it unlike all others."""
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[0, 0] = label, 0 if pattern is None else 1 + pattern, 0
    pixels[0, 1] = number // 256, number % 256, 0
    return Image.fromarray(pixels)


def _of_image(told: NDArray[np.uint8]) -> NDArray[np.float32]:
    label, pattern, _, high, low, _ = map(int, told)
    vector = _NOISE * np.random.default_rng((label, pattern, high, low)).standard_normal(DIM)
    vector[label] += _OF_CLASS
    if pattern:
        vector[len(CLASSES) + pattern - 1] += _OF_PATTERN
    return _unit(vector)


def _of_text(text: str) -> NDArray[np.float32]:
    vector = np.zeros(DIM)
    for word in text.casefold().strip(".").split():
        if word in _SEEN:
            vector[_SEEN[word]] += 1
        else:
            digest = np.frombuffer(hashlib.sha256(word.encode()).digest()[: DIM - len(_SEEN)], np.uint8)
            vector[len(_SEEN) :] += 0.02 * (digest / 127.5 - 1)
    return _unit(vector)


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float32]:
    return (vector / np.linalg.norm(vector)).astype(np.float32)
