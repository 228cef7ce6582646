"""What other test images would have given, checked against SciPy, closed forms and planted differences."""

from collections.abc import Sequence

import numpy as np
import pytest
from scipy.stats import binomtest

from annotations.analysis.statistics.estimate_types import wilson_interval
from clarify_errors.arrays.retraining.group_accuracies import group_metrics
from clarify_errors.arrays.retraining.group_resampling import percentile_interval
from worker.benchmarks.outcomes import Figure, Outcome, Over, Row
from worker.benchmarks.paired_bootstrap import (
    GroupedLabels,
    comparisons,
    group_intervals,
    resample,
    told_apart,
    with_intervals,
    worst_group_interval,
)

SIZES = (40, 400)
IMAGES = GroupedLabels(
    labels=np.zeros(sum(SIZES), np.int64),
    groups=np.repeat([0, 1], SIZES),
    train_counts=np.array([100, 900]),
)
WORST = Figure.WORST_GROUP


def outcome(name: str, *wrong: int) -> Outcome:
    """A classifier that is wrong on the first so many images of each group."""
    predictions = np.zeros(len(IMAGES.labels), np.int32)
    for group, count in enumerate(wrong):
        predictions[np.flatnonzero(IMAGES.groups == group)[:count]] = 1
    metrics = group_metrics(predictions, IMAGES.labels, IMAGES.groups, IMAGES.train_counts)
    return Outcome(name, metrics, predictions, {})


def row(name: str, *outcomes: Outcome, over: Over = Over.SEEDS) -> Row:
    return Row("erm", name, over, outcomes)


def resampled(rows: Sequence[Row]) -> tuple[Row, ...]:
    return with_intervals(rows, resample(IMAGES, rows))


def test_an_interval_of_a_worst_group_has_the_width_of_its_images_however_alike_the_seeds_are() -> None:
    (measured,) = resampled([row("alike", outcome("seed 0", 28, 4), outcome("seed 1", 28, 4))])
    assert measured.spread(WORST).sd == 0
    interval = measured.intervals[WORST]
    low, high = wilson_interval(12, 40) or (0.0, 1.0)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.03)


def test_the_minimum_that_is_retaken_lies_lower_where_groups_are_alike_and_the_bias_says_by_how_much() -> None:
    alike, apart = resampled([row("alike", outcome("0", 12, 120)), row("apart", outcome("0", 12, 4))])
    assert alike.intervals[WORST].bias < -0.01
    assert abs(apart.intervals[WORST].bias) < 0.005


def test_the_other_figures_are_those_of_the_measures() -> None:
    one = outcome("0", 12, 40)
    (measured,) = resampled([row("one", one)])
    for figure, value in ((Figure.AVERAGE, 0.1 * 0.7 + 0.9 * 0.9), (Figure.AVERAGE_PLAIN, (28 + 360) / 440)):
        assert getattr(one.metrics, figure) == pytest.approx(value)
        assert abs(measured.intervals[figure].bias) < 0.003
        assert measured.intervals[figure].low < value < measured.intervals[figure].high


def test_the_same_seed_gives_the_same_interval_and_another_one_another() -> None:
    rows = [row("one", outcome("0", 12, 40))]
    first, again, other = (resample(IMAGES, rows, 200, seed)[0][WORST] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_rows_are_compared_on_the_same_images_so_that_a_small_steady_difference_shows() -> None:
    better, worse = row("better", outcome("0", 12, 40)), row("worse", outcome("0", 20, 40))
    rows = [worse, better]
    (compared,) = comparisons(IMAGES, rows, resample(IMAGES, rows))
    assert (compared.best, compared.name) == ("better", "worse")
    assert compared.difference == pytest.approx(0.2)
    assert 0 < compared.low < 0.2 < compared.high
    of_worse, of_better = (each.intervals[WORST] for each in resampled(rows))
    unpaired = np.hypot(of_worse.high - of_worse.low, of_better.high - of_better.low)
    assert compared.high - compared.low < unpaired
    assert compared.mcnemar_p == pytest.approx(binomtest(8, 8).pvalue)


def test_a_row_is_told_apart_only_where_the_interval_says_so_or_both_predict_the_same() -> None:
    rows = [row(name, outcome("0", wrong, 40)) for name, wrong in (("a", 12), ("b", 13), ("c", 24), ("a again", 12))]
    assert [is_told(rows, 0, 2), is_told(rows, 0, 3), is_told(rows, 0, 1), is_told(rows, 2, 0)] == [
        True,
        True,
        False,
        False,
    ]


def is_told(rows: Sequence[Row], best: int, other: int, figure: Figure = WORST) -> bool:
    values = resample(IMAGES, rows)
    return told_apart(IMAGES, rows[best], rows[other], figure, (values[best], values[other]))


def test_rows_of_which_one_has_tied_groups_are_not_told_apart_where_percentiles_would() -> None:
    """The worst groups of the second are as bad in truth: its minimum is lower by chance alone."""
    rows = [row("one bad group", outcome("0", 8, 20)), row("tied", outcome("0", 16, 120))]
    drawn = resample(IMAGES, rows)
    percentiles = percentile_interval(drawn[0][WORST] - drawn[1][WORST])
    low, _ = worst_group_interval(IMAGES, *rows)
    assert low < percentiles[0]
    assert told_apart(IMAGES, rows[0], rows[1], WORST, (drawn[0], drawn[1])) == (low > 0)
    assert is_told(rows, 0, 1, Figure.AVERAGE) and not is_told(rows, 0, 1, Figure.GAP)


def test_the_interval_of_rows_of_several_classifiers_is_the_mean_of_theirs() -> None:
    first, second, one = outcome("0", 12, 40), outcome("1", 16, 40), outcome("0", 20, 40)
    both = worst_group_interval(IMAGES, row("two", first, second), row("one", one))
    alone = [worst_group_interval(IMAGES, row("two", each), row("one", one)) for each in (first, second)]
    assert both == pytest.approx(np.mean(alone, axis=0))


def test_a_row_over_people_or_without_a_classifier_has_no_mcnemar_and_no_interval() -> None:
    rows = [
        row("people", outcome("P1", 12, 40), over=Over.PARTICIPANTS),
        row("seeds", outcome("0", 12, 41)),
        Row("dfr", "DFR", Over.SEEDS, left_out="it lacks a class"),
    ]
    (compared,) = comparisons(IMAGES, rows, resample(IMAGES, rows))
    assert compared.mcnemar_p is None
    assert resampled(rows)[2].intervals == {}


def test_each_group_has_a_wilson_interval() -> None:
    low, high = group_intervals(outcome("0", 28, 0))[0] or (0.0, 0.0)
    assert (round(low, 2), round(high, 2)) == (0.18, 0.45)  # 12 right of 40, docs/analysts/baselines.md
    z, n, share = 1.959963984540054, 40, 0.3
    centre, half = share + z**2 / (2 * n), z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    assert (low, high) == pytest.approx(((centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)))
