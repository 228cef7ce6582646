"""What a benchmark finds out: one outcome a classifier, one row a method."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.statistics.estimate_types import Spread, spread
from annotations.datasets.base_models import test_group_metrics
from annotations.models import Benchmark, Dataset
from clarify_errors.arrays.retraining.group_accuracies import GroupMetrics

ALL_TRAIN = Benchmark.ALL_TRAIN


class Over(StrEnum):
    """What a row's mean and standard deviation are taken over."""

    DRAWS = "draws of 80% of train"
    SEEDS = "seeds"
    PARTICIPANTS = "participants"
    ONE = "one classifier"


class Figure(StrEnum):
    """The figures of a row, by their names in `GroupMetrics`."""

    WORST_GROUP = "worst_group"
    AVERAGE = "average"
    AVERAGE_PLAIN = "average_plain"
    GAP = "gap"


def predictions_digest(predictions: NDArray[np.integer]) -> str:
    """SHA-256 of classes, int[m] in the manifest's row order, written as little-endian int32."""
    return hashlib.sha256(predictions.astype("<i4").tobytes()).hexdigest()


@dataclass(frozen=True, eq=False)
class Outcome:
    """One classifier, measured on test.

    name: which of its row (`seed 0`, `all train`, a participant's pseudonym); predictions: int32[m], of the test images
    in the manifest's row order; details: how it was made, JSON-like.
    """

    name: str
    metrics: GroupMetrics
    predictions: NDArray[np.int32]
    details: Mapping[str, Any]

    @property
    def predictions_sha256(self) -> str:
        """The digest of `predictions`, by which files name them."""
        return predictions_digest(self.predictions)

    @classmethod
    def of(cls, dataset: Dataset, name: str, predictions: NDArray[np.integer], **details: Any) -> Self:
        """Measure predictions for the test images, int[m] in the manifest's row order. Raises NothingToEvaluate."""
        return cls(name, test_group_metrics(dataset, predictions), predictions.astype(np.int32), details)


@dataclass(frozen=True)
class Interval:
    """Where a row's mean lies for other test images, in shares: 95%, by `benchmarks.paired_bootstrap`.

    bias: mean of the resamples less the mean that was measured; below 0 for a worst group, whose minimum is retaken.
    """

    low: float
    high: float
    bias: float


@dataclass(frozen=True)
class Missing:
    """What a row goes without, and why: a classifier that could not be trained, or an annotation of a set.

    name: of the classifier, empty where the row is not over participants; target_class: the class's name.
    """

    name: str
    reason: str
    target_class: str = ""
    phrase: str = ""


Result = Outcome | Missing


@dataclass(frozen=True, eq=False)
class Row:
    """One method, with one annotation (or set, or group of people) where it needs one.

    left_out: why the row has no classifier at all; intervals: of the means, for other test images.
    """

    method: str
    name: str
    over: Over
    classifiers: tuple[Outcome, ...] = ()
    missing: tuple[Missing, ...] = ()
    left_out: str = ""
    intervals: Mapping[Figure, Interval] = field(default_factory=dict)

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What mean and SD are over."""
        return tuple(each for each in self.classifiers if each.name != ALL_TRAIN)

    @property
    def point(self) -> Outcome | None:
        """The classifier of all train images, where `over` is draws of them."""
        return next((each for each in self.classifiers if each.name == ALL_TRAIN), None)

    @property
    def representative(self) -> Outcome | None:
        """The classifier of all train images, or of the first seed; none for a row over participants."""
        if self.over is Over.PARTICIPANTS:
            return None
        return self.point or next(iter(self.outcomes), None)

    def spread(self, figure: Figure) -> Spread:
        """Mean, sample standard deviation and maximum of a figure, in shares."""
        return spread(getattr(outcome.metrics, figure) for outcome in self.outcomes)
