"""What a benchmark finds out: one outcome a classifier, one row a method."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.statistics.estimates import Spread, spread
from annotations.models import Dataset
from annotations.services.datasets.base_models import test_group_metrics
from modeling.arrays.retraining.group_accuracies import GroupMetrics

ALL_TRAIN = "all train"


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


@dataclass(frozen=True)
class Outcome:
    """One classifier, measured on test.

    name: which of its row (`seed 0`, `all train`, a participant's pseudonym); details: how it was made, JSON-like.
    """

    name: str
    metrics: GroupMetrics
    predictions_sha256: str
    details: Mapping[str, Any]

    @classmethod
    def of(cls, dataset: Dataset, name: str, predictions: NDArray[np.integer], **details: Any) -> Self:
        """Measure predictions for the test images, int[m] in the manifest's row order. Raises NothingToEvaluate."""
        return cls(name, test_group_metrics(dataset, predictions), predictions_digest(predictions), details)


@dataclass(frozen=True)
class Refused:
    """A classifier that could not be trained, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Unused:
    """An annotation of a set that a classifier was trained without, and why.

    name: of the classifier where the row is over participants, otherwise empty; target_class: the class's name.
    """

    name: str
    target_class: str
    phrase: str
    reason: str


Result = Outcome | Refused | Unused


@dataclass(frozen=True)
class Row:
    """One method, with one annotation (or set, or group of people) where it needs one.

    outcomes: what mean and SD are over; point: the classifier of all train images, where `over` is draws of them;
    refused: those of them that have no classifier, each with its reason; unused: annotations that had no part in a
    classifier; left_out: why the row has none at all.
    """

    method: str
    name: str
    over: Over
    outcomes: tuple[Outcome, ...] = ()
    point: Outcome | None = None
    refused: tuple[Refused, ...] = ()
    unused: tuple[Unused, ...] = ()
    left_out: str = ""

    @property
    def classifiers(self) -> tuple[Outcome, ...]:
        """All of the row's."""
        return (*self.outcomes, self.point) if self.point else self.outcomes

    def spread(self, figure: Figure) -> Spread:
        """Mean, sample standard deviation and maximum of a figure, in shares."""
        return spread(getattr(outcome.metrics, figure) for outcome in self.outcomes)
