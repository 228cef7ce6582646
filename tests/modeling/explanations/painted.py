"""Small pictures with a planted flaw, an encoder that sees colours, and a network that goes by them."""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

WORDS = 32  # columns of the encoder


class ColourEncoder:
    """Sees red in its first column; what it makes of other words is random, but the same each time."""

    name, dim = "colours", WORDS

    def __init__(self) -> None:
        self.pictures = 0

    def encode_images(self, images: Sequence[Image.Image], /) -> NDArray[np.float32]:
        self.pictures += len(images)
        rows = np.stack([_vector(image.tobytes()) for image in images])
        rows[:, 0] += [2.0 * red(image) for image in images]
        return _unit(rows)

    def encode_texts(self, texts: Sequence[str], /) -> NDArray[np.float32]:
        return unit_rows_of(texts)


class ColourNetwork(nn.Module):
    """Calls what is bright in green and blue a square, unless it is red."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(3, 2)
        with torch.no_grad():
            self.head.weight.copy_(torch.tensor([[0.0, 0.0, 0.0], [-9.0, 4.0, 4.0]]))
            self.head.bias.zero_()

    def forward(self, images: Tensor) -> Tensor:
        answer: Tensor = self.head(images.mean(dim=(2, 3)) - 0.4)
        return answer


def painted(n: int, seed: int = 0) -> tuple[list[Image.Image], NDArray[np.str_]]:
    """Squares are bright in green and blue, ovals dark; half of both are red. Each picture has some noise."""
    rng = np.random.default_rng(seed)
    is_square, is_red = rng.random(n) < 0.5, rng.random(n) < 0.5
    levels = np.stack([np.where(is_red, 200, 60), *[np.where(is_square, 200, 40)] * 2], axis=1)
    pixels = levels[:, None, None, :] + rng.integers(-20, 21, (n, 8, 8, 3))
    return [Image.fromarray(each.astype(np.uint8)) for each in pixels], np.where(is_square, "square", "oval")


def as_tensor(image: Image.Image) -> Tensor:
    return torch.from_numpy(np.asarray(image, np.float32).transpose(2, 0, 1) / 255)


def red(image: Image.Image) -> bool:
    return bool(np.asarray(image)[..., 0].mean() > 130)


def unit_rows_of(texts: Sequence[str]) -> NDArray[np.float32]:
    rows = np.stack([_vector(text.encode()) for text in texts])
    rows[:, 0] = [8.0 if "red" in text.split() else row[0] for text, row in zip(texts, rows, strict=True)]
    return _unit(rows)


def _vector(text: bytes) -> NDArray[np.float32]:
    return np.random.default_rng(list(sha256(text).digest()[:8])).normal(size=WORDS).astype(np.float32)


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit
