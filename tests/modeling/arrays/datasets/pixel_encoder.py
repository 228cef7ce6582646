"""An encoder for tests: a fixed random projection of an image's pixels. It counts what it encodes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


class PixelEncoder:
    device = ""

    def __init__(self, dim: int = 16, seed: int = 0, description: Mapping[str, Any] | None = None) -> None:
        self.dim = dim
        self.description = description or {"spec": "python:pixels", "name": "pixels", "dim": dim}
        self.n_encoded = 0
        self._projection = np.random.default_rng(seed).normal(size=(8 * 8 * 3, dim)).astype(np.float32)

    def prepare(self, image: Image.Image) -> Image.Image:
        return image

    def encode_images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        self.n_encoded += len(images)
        pixels = np.stack([np.asarray(image.resize((8, 8)), np.float32).ravel() + 1 for image in images])
        rows = pixels @ self._projection
        unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit
