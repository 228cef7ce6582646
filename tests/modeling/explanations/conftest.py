"""A planted flaw: red squares are called ovals, and in train there are few of them."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

D = 16
RED, BIG = np.eye(D)[0], np.eye(D)[1]


@dataclass(frozen=True)
class PlantedFlaw:
    """Embeddings whose first direction is red and whose third and fourth tell squares from ovals."""

    images: NDArray[np.float64]
    labels: NDArray[np.str_]
    predictions: NDArray[np.str_]
    colours: NDArray[np.str_]
    splits: NDArray[np.str_]


@pytest.fixture(scope="session")
def flaw() -> PlantedFlaw:
    rng = np.random.default_rng(0)
    n = 3000
    splits = np.repeat(["train", "validation", "test"], n // 3)
    is_square = rng.random(n) < np.where(splits == "train", 0.3, 0.5)
    often = np.where(is_square, 0.06, 0.8)
    is_red = rng.random(n) < np.where(splits == "train", often, 0.5)
    images = rng.normal(scale=0.7, size=(n, D))
    images[:, 0] += 3 * is_red
    images[:, 2] += np.where(is_square, 1.0, -1.0)
    predictions = np.where(is_red == is_square, np.where(is_red, "oval", "oval"), np.where(is_square, "square", "oval"))
    return PlantedFlaw(
        images, np.where(is_square, "square", "oval"), predictions, np.where(is_red, "red", "blue"), splits
    )
