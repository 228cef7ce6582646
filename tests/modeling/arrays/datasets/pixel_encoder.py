"""An encoder for tests: a fixed random projection of an image's pixels. It counts what it encodes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from modeling.arrays.datasets.importing.embedding_arrays import DescribedEncoder


class PixelEncoder:
    name = "pixels"

    def __init__(self, dim: int = 16, seed: int = 0) -> None:
        self.dim = dim
        self.n_encoded = 0
        self._projection = np.random.default_rng(seed).normal(size=(8 * 8 * 3, dim)).astype(np.float32)

    def encode_images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        self.n_encoded += len(images)
        pixels = np.stack([np.asarray(image.resize((8, 8)), np.float32).ravel() + 1 for image in images])
        rows = pixels @ self._projection
        unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit

    def described(self) -> DescribedEncoder:
        return DescribedEncoder(self, {"spec": "python:pixels", "name": self.name, "dim": self.dim})
