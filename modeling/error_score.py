"""The error score of a phrase: how well image-text similarity predicts a classifier's errors (paper, section 4.1).

For similarities s of one class's images, split into correct and wrong predictions, and the rule "error iff s > t",

    J = max(0, max_t [F_correct(t) - F_error(t)])

with right-continuous distribution functions F. This is 2 × (best class-balanced accuracy - 1/2) over thresholds t:
Youden's J, the one-sided two-sample Kolmogorov-Smirnov statistic. See docs/methods.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modeling.errors import BadArray, NothingToSeparate


@dataclass(frozen=True)
class ErrorScore:
    """What `error_score` returns.

    value: J in [0, 1]; 0 where errors are nowhere more similar to the phrase than correct images.
    threshold: τ, a float32 value held as a float; None where value is 0. An image is above it iff similarity > τ.
    two_sided: max_t |F_correct(t) - F_error(t)| in [value, 1]: it also counts phrases that describe the correct images.
    two_sided_threshold: the threshold of the two-sided value; None where that is 0.
    n_correct, n_error: images on which the score rests.
    """

    value: float
    threshold: float | None
    two_sided: float
    two_sided_threshold: float | None
    n_correct: int
    n_error: int


@dataclass(frozen=True)
class ErrorSplit:
    """Images, and wrong predictions among them, on either side of a similarity threshold.

    The shares are None where a side has no images.
    """

    n_above: int
    n_below: int
    wrong_above: int
    wrong_below: int

    @property
    def share_wrong_above(self) -> float | None:
        """Share of wrong predictions among the images above the threshold, in [0, 1]."""
        return self.wrong_above / self.n_above if self.n_above else None

    @property
    def share_wrong_below(self) -> float | None:
        """Share of wrong predictions among the images at or below the threshold, in [0, 1]."""
        return self.wrong_below / self.n_below if self.n_below else None


def error_score(similarities: NDArray[np.floating], is_error: NDArray[np.bool_]) -> ErrorScore:
    """Score a phrase on the evaluation images of one class.

    similarities: float[n], of each image to the phrase; computed with as float32, any scale.
    is_error: bool[n], whether the prediction of each image is wrong.

    Raises NothingToSeparate where no image or every image is wrong, BadArray for shapes, types and NaN.

    >>> error_score(np.array([0.1, 0.2, 0.3, 0.4, 0.5]), np.array([False, False, False, True, True])).value
    1.0
    """
    values, wrong = _checked(similarities, is_error)
    n_error = int(wrong.sum())
    n_correct = len(wrong) - n_error
    if n_error == 0 or n_correct == 0:
        raise NothingToSeparate(n_correct, n_error)
    steps = _Steps.of(values, wrong)
    one_sided, two_sided = steps.advantage, np.abs(steps.advantage)
    scale = n_correct * n_error
    return ErrorScore(
        value=max(0, int(one_sided.max())) / scale,
        threshold=steps.threshold_of_largest(one_sided),
        two_sided=int(two_sided.max()) / scale,
        two_sided_threshold=steps.threshold_of_largest(two_sided),
        n_correct=n_correct,
        n_error=n_error,
    )


def split_errors(similarities: NDArray[np.floating], is_error: NDArray[np.bool_], threshold: float) -> ErrorSplit:
    """Count images and wrong predictions above and not above a threshold (float32 comparison, strictly greater).

    similarities: float[n]; is_error: bool[n]. Raises BadArray as `error_score` does.
    """
    values, wrong = _checked(similarities, is_error)
    above = values > np.float32(threshold)
    n_above, wrong_above = int(above.sum()), int((above & wrong).sum())
    return ErrorSplit(
        n_above=n_above,
        n_below=len(values) - n_above,
        wrong_above=wrong_above,
        wrong_below=int(wrong.sum()) - wrong_above,
    )


@dataclass(frozen=True)
class _Steps:
    """The m distinct similarities, ascending, each taken as a threshold with its whole block of ties below it."""

    values: NDArray[np.float32]  # [m]
    n_below: NDArray[np.int64]  # [m], images ≤ each value
    advantage: NDArray[np.int64]  # [m], (F_correct - F_error) · n_correct · n_error, exact in integers

    @classmethod
    def of(cls, values: NDArray[np.float32], wrong: NDArray[np.bool_]) -> "_Steps":
        order = np.argsort(values, kind="stable")
        ordered = values[order]
        last_of_ties = np.append(ordered[1:] != ordered[:-1], True)
        n_below = np.flatnonzero(last_of_ties) + 1
        errors_below = np.cumsum(wrong[order], dtype=np.int64)[last_of_ties]
        n_error, correct_below = errors_below[-1], n_below - errors_below
        n_correct = len(values) - n_error
        return cls(ordered[last_of_ties], n_below, correct_below * n_error - errors_below * n_correct)

    def threshold_of_largest(self, advantage: NDArray[np.int64]) -> float | None:
        """τ of the largest advantage: of tied ones the more even split, then the smaller τ. None if it is not > 0.

        The last step, with every image below it, has advantage 0, so a next similarity always exists.
        """
        if advantage.max() <= 0:
            return None
        n = self.n_below[-1]
        tied = np.flatnonzero(advantage == advantage.max())
        smaller_side = np.minimum(self.n_below[tied], n - self.n_below[tied])
        best = tied[np.argmax(smaller_side)]
        return _between(self.values[best], self.values[best + 1])


def _between(lower: np.float32, upper: np.float32) -> float:
    """The float32 midpoint; `lower` where that rounds up to `upper`, so that `> τ` still separates the two."""
    midpoint = np.float32((float(lower) + float(upper)) / 2)
    return float(lower if midpoint >= upper else midpoint)


def _checked(
    similarities: NDArray[np.floating], is_error: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    if similarities.ndim != 1 or similarities.shape != is_error.shape:
        raise BadArray(f"similarities {similarities.shape} and is_error {is_error.shape} must be vectors of one length")
    if is_error.dtype != np.bool_:
        raise BadArray(f"is_error must be boolean, not {is_error.dtype}")
    values = similarities.astype(np.float32) + np.float32(0)  # adding +0.0 turns -0.0 into +0.0
    if not np.isfinite(values).all():
        raise BadArray(f"similarity {int(np.argmin(np.isfinite(values)))} is not a finite float32 number")
    return values, is_error
