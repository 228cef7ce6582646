"""The tutorial's example: twenty squares, half of which an AI took for ovals, mostly the red ones.

The pictures are committed (annotations/static/annotations/tutorial); `manage.py draw_tutorial` draws them again. Scores
and splits on the page are computed from what is on the pictures, by the same code as a participant's own.
"""

from dataclasses import dataclass

import numpy as np
from django.templatetags.static import static
from numpy.typing import NDArray

from annotations.readings.pictures import Grid, numbered
from annotations.readings.results import Side, Split, Verdict, verdict
from modeling.error_score import error_score, null_level

RIGHT = (
    {"colour": "blue", "size": "large", "tilt": "upright", "shade": "light"},
    {"colour": "blue", "size": "medium", "tilt": "tilted", "shade": "dark"},
    {"colour": "blue", "size": "small", "tilt": "upright", "shade": "light"},
    {"colour": "green", "size": "large", "tilt": "tilted", "shade": "light"},
    {"colour": "blue", "size": "medium", "tilt": "upright", "shade": "light"},
    {"colour": "blue", "size": "large", "tilt": "tilted", "shade": "dark"},
    {"colour": "red", "size": "small", "tilt": "tilted", "shade": "dark"},
    {"colour": "blue", "size": "medium", "tilt": "tilted", "shade": "light"},
    {"colour": "green", "size": "medium", "tilt": "upright", "shade": "dark"},
    {"colour": "blue", "size": "large", "tilt": "upright", "shade": "dark"},
)
WRONG = (
    {"colour": "red", "size": "medium", "tilt": "upright", "shade": "light"},
    {"colour": "red", "size": "large", "tilt": "tilted", "shade": "light"},
    {"colour": "red", "size": "large", "tilt": "upright", "shade": "dark"},
    {"colour": "red", "size": "small", "tilt": "tilted", "shade": "light"},
    {"colour": "blue", "size": "medium", "tilt": "tilted", "shade": "light"},
    {"colour": "red", "size": "large", "tilt": "tilted", "shade": "dark"},
    {"colour": "red", "size": "large", "tilt": "tilted", "shade": "dark"},
    {"colour": "red", "size": "large", "tilt": "upright", "shade": "light"},
    {"colour": "red", "size": "medium", "tilt": "upright", "shade": "dark"},
    {"colour": "red", "size": "large", "tilt": "tilted", "shade": "light"},
)
SQUARES = RIGHT + WRONG
_IS_ERROR = np.array([False] * len(RIGHT) + [True] * len(WRONG))


@dataclass(frozen=True)
class Example:
    """What the page shows of a phrase; the same fields as a Result, without its histogram."""

    phrase: str
    value: float
    null_level: float
    verdict: Verdict
    split: Split

    @property
    def subject(self) -> str:
        return self.phrase


@dataclass(frozen=True)
class Tutorial:
    right: Grid
    wrong: Grid
    good: Example
    poor: Example


def tutorial() -> Tutorial:
    """Return the tutorial's grids and its two examples."""
    return Tutorial(
        right=_grid(np.flatnonzero(~_IS_ERROR)),
        wrong=_grid(np.flatnonzero(_IS_ERROR)),
        good=_example("red", "colour"),
        poor=_example("large", "size"),
    )


def _grid(positions: NDArray[np.intp]) -> Grid:
    pictures = numbered(
        (static(f"annotations/tutorial/{at}.webp"), bool(_IS_ERROR[at]), "oval" if _IS_ERROR[at] else "square")
        for at in positions
    )
    return Grid(pictures, len(positions))


def _example(phrase: str, attribute: str) -> Example:
    has_it = np.array([sprite[attribute] == phrase for sprite in SQUARES])
    score = error_score(has_it.astype(np.float32), _IS_ERROR)
    without, with_it = (
        Side(_grid(positions), int(_IS_ERROR[positions].sum()))
        for positions in (np.flatnonzero(~has_it), np.flatnonzero(has_it))
    )
    level = null_level(score.n_correct, score.n_error, 1)
    return Example(phrase, score.value, level, verdict(score.value, score.two_sided, level), Split(without, with_it))
