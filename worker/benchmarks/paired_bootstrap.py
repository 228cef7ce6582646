"""What other test images would have given: the figures of all rows, resampled on the same images.

A row's spread over draws or seeds says nothing of the test images: a worst group of 12 right in 40 is known to ± 14
points, however little its classifiers differ. Here the test images are drawn anew within each group, the same for every
row, and each classifier's worst group is found again. What is left out is how much other train images would change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from annotations.analysis.statistics.estimate_types import wilson_interval
from annotations.models import Dataset
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.retraining.group_resampling import RESAMPLES, percentile_interval, resampled_accuracies
from clarify_errors.arrays.retraining.own_gain_intervals import own_gain_interval, paired_counts
from worker.benchmarks.outcomes import Figure, Interval, Outcome, Row

SEED = 0

Values = Mapping[Figure, NDArray[np.float64]]  # of one row, float64[resamples] for each figure


@dataclass(frozen=True, eq=False)
class GroupedLabels:
    """The test images of a data set: labels and groups, int64[m], and the groups' train images, int64[G]."""

    labels: NDArray[np.int64]
    groups: NDArray[np.int64]
    train_counts: NDArray[np.int64]

    @classmethod
    def of(cls, dataset: Dataset) -> "GroupedLabels":
        """Return those of a data set."""
        files = dataset.files
        rows = files.rows(Split.TEST)
        return cls(files.labels[rows].astype(np.int64), files.groups[rows], files.train_group_counts)


@dataclass(frozen=True)
class Comparison:
    """The worst group of the best row less that of another, on the same test images.

    difference, low, high: in shares, with the interval of `worst_group_interval`. mcnemar_p: exact, of all test
    images, between the classifiers of all train images or of the first seed; None for rows over participants.
    """

    best: str
    name: str
    difference: float
    low: float
    high: float
    mcnemar_p: float | None


def resample(images: GroupedLabels, rows: Sequence[Row], resamples: int = RESAMPLES, seed: int = SEED) -> list[Values]:
    """Return the mean figures of each row's outcomes on each resample of the test images.

    A row without an outcome has arrays of NaN. The minimum over groups is retaken in each resample.
    """
    outcomes = [outcome for row in rows for outcome in row.outcomes]
    if not outcomes:
        return [_figures(np.full((0, resamples, 1), np.nan), images) for _ in rows]
    right = np.stack([outcome.predictions == images.labels for outcome in outcomes])
    of_outcomes = resampled_accuracies(right, images.groups, resamples, seed)
    ends = np.cumsum([len(row.outcomes) for row in rows])
    return [_figures(of_row, images) for of_row in np.split(of_outcomes, ends[:-1])]


def with_intervals(rows: Sequence[Row], values: Sequence[Values]) -> tuple[Row, ...]:
    """Return rows with the percentile intervals of their means; a row without an outcome has none."""
    return tuple(
        replace(row, intervals={figure: _interval(row, of_row, figure) for figure in Figure}) if row.outcomes else row
        for row, of_row in zip(rows, values, strict=True)
    )


def comparisons(images: GroupedLabels, rows: Sequence[Row], values: Sequence[Values]) -> list[Comparison]:
    """Compare the row of the best mean worst group, of equal ones the first, with each other row that has one."""
    worst = Figure.WORST_GROUP
    means = {i: mean for i, row in enumerate(rows) if (mean := row.spread(worst).mean) is not None}
    if not means:
        return []
    best = max(means, key=lambda i: means[i])
    return [
        Comparison(
            rows[best].name,
            rows[i].name,
            means[best] - mean,
            *worst_group_interval(images, rows[best], rows[i]),
            _mcnemar(images, rows[best], rows[i]),
        )
        for i, mean in means.items()
        if i != best
    ]


def worst_group_interval(images: GroupedLabels, best: Row, other: Row) -> tuple[float, float]:
    """Return where the mean worst group of a row less that of another lies for other test images.

    Each classifier of the row with more of them beside one of the other, in their order; the ends are the means of
    their ends, as if all went up and down together.
    """
    n = max(len(best.outcomes), len(other.outcomes))
    pairs = ((best.outcomes[k % len(best.outcomes)], other.outcomes[k % len(other.outcomes)]) for k in range(n))
    right = ((of.predictions == images.labels, beside.predictions == images.labels) for of, beside in pairs)
    found = [own_gain_interval(paired_counts(*pair, images.groups)) for pair in right]
    return float(np.mean([each.low for each in found])), float(np.mean([each.high for each in found]))


def told_apart(images: GroupedLabels, best: Row, other: Row, figure: Figure, values: tuple[Values, Values]) -> bool:
    """Whether the first of two rows has the better figure for other test images; or both are the same throughout.

    values: their resamples. Best against each of the others needs no correction for many tests: all of them have to be
    won. A gap has the worst group in it, so the first row's is smaller only if no end of the worst groups' interval
    takes its lead: the percentile interval is moved by as far as theirs is beyond percentiles.
    """
    sign = -1 if figure is Figure.GAP else 1
    difference = sign * (values[0][figure] - values[1][figure])
    if (difference == 0).all():
        return True
    low = percentile_interval(difference)[0]
    if low <= 0 or figure not in (Figure.WORST_GROUP, Figure.GAP):
        return low > 0
    of_worst = values[0][Figure.WORST_GROUP] - values[1][Figure.WORST_GROUP]
    beyond = percentile_interval(of_worst)[0] - worst_group_interval(images, best, other)[0]
    return low - max(beyond, 0.0) > 0


def group_intervals(outcome: Outcome) -> list[tuple[float, float] | None]:
    """Return the Wilson interval of each group's accuracy; None for a group without test images."""
    metrics = outcome.metrics
    pairs = zip(metrics.accuracies, metrics.counts, strict=True)
    return [None if share is None else wilson_interval(round(share * n), n) for share, n in pairs]


def _figures(accuracies: NDArray[np.float64], images: GroupedLabels) -> dict[Figure, NDArray[np.float64]]:
    """Return the means over a row's k classifiers, from float64[k, resamples, groups that have images]."""
    if not len(accuracies):
        return {figure: np.full(accuracies.shape[1], np.nan) for figure in Figure}
    present, counts = np.unique(images.groups, return_counts=True)
    worst = accuracies.min(axis=2).mean(axis=0)
    average = np.average(accuracies, axis=2, weights=images.train_counts[present]).mean(axis=0)
    plain = np.average(accuracies, axis=2, weights=counts).mean(axis=0)
    return {
        Figure.WORST_GROUP: worst,
        Figure.AVERAGE: average,
        Figure.AVERAGE_PLAIN: plain,
        Figure.GAP: average - worst,
    }


def _interval(row: Row, values: Values, figure: Figure) -> Interval:
    mean = row.spread(figure).mean
    assert mean is not None, "a row with an outcome has a mean"
    return Interval(*percentile_interval(values[figure]), bias=float(values[figure].mean() - mean))


def _mcnemar(images: GroupedLabels, a: Row, b: Row) -> float | None:
    of_a, of_b = a.representative, b.representative
    if of_a is None or of_b is None:
        return None
    right_a, right_b = of_a.predictions == images.labels, of_b.predictions == images.labels
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    return float(binomtest(only_a, only_a + only_b).pvalue) if only_a + only_b else 1.0
