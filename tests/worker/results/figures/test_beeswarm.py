"""Dots of a row: as many are seen as there are people."""

import doctest
from itertools import combinations
from math import hypot

import numpy as np
import pytest

from worker.results.figures import line_rows as module
from worker.results.figures.line_rows import DIAMETERS, MAX_HEIGHT, beeswarm, height


def test_the_examples_are_true() -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("n", [1, 17, 100])
@pytest.mark.parametrize("spread", [0.0, 3.0, 200.0])
def test_no_dot_hides_another(n: int, spread: float) -> None:
    places = (spread * np.random.default_rng(n).random(n)).tolist()
    diameter, offsets = beeswarm(places)
    at = list(zip(places, offsets, strict=True))
    assert all(hypot(a - c, b - d) >= diameter - 1e-6 for (a, b), (c, d) in combinations(at, 2))
    assert height(offsets, diameter) <= MAX_HEIGHT or diameter == DIAMETERS[-1]


def test_a_row_without_dots_has_no_height() -> None:
    assert height(beeswarm([])[1], 6.0) == 0.0
