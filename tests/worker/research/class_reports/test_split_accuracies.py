"""Accuracies by class and part and their means: values that can be checked by hand."""

import numpy as np
import pytest

from annotations.corrections.correction_effects import AFTER, BEFORE, CONTROL
from worker.research.class_reports.compared_models import ANNOTATIONS, RANDOM, MeasuredSet
from worker.research.class_reports.split_accuracies import MeanAccuracy, mean_accuracies, part_accuracies

# Two annotated classes and one without. Class 0: 2 of 4 images in the minority; class 1: 1 of 4; class 2: 2 images.
LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2, 2], np.int32)
ABOVE = {0: np.arange(10) < 2, 1: np.arange(10) == 4}
RIGHT = {  # number of right images in (0 above, 0 below, 1 above, 1 below, 2)
    BEFORE: "10 11 0 110 11",
    CONTROL: "10 11 0 111 11",
    AFTER: "11 10 1 111 10",
    f"{RANDOM} 1": "10 11 0 111 11",
    f"{RANDOM} 2": "11 11 0 110 11",
    f"{RANDOM} 3": "00 11 1 111 11",
}


@pytest.fixture
def measured() -> MeasuredSet:
    right = {key: np.array([sign == "1" for sign in signs.replace(" ", "")]) for key, signs in RIGHT.items()}
    return MeasuredSet("test", "mini v1", LABELS, {ANNOTATIONS: ABOVE}, right)


@pytest.fixture
def means(measured: MeasuredSet) -> dict[tuple[str, str], MeanAccuracy]:
    return {(row.part, row.model): row for row in mean_accuracies(measured)}


@pytest.mark.parametrize(
    ("part", "model", "accuracy"),
    [
        ("overall", BEFORE, 7 / 10),
        ("minority", BEFORE, (1 / 2 + 0) / 2),
        ("majority", BEFORE, (1 + 2 / 3) / 2),
        ("overall", AFTER, 8 / 10),
        ("minority", AFTER, 1),
        ("majority", AFTER, (1 / 2 + 1) / 2),
        ("minority", RANDOM, (1 / 4 + 1 / 2 + 1 / 2) / 3),
    ],
)
def test_means_are_over_classes_each_of_which_counts_alike(
    means: dict[tuple[str, str], MeanAccuracy], part: str, model: str, accuracy: float
) -> None:
    assert means[part, model].accuracy.value == pytest.approx(accuracy)


def test_sizes_are_those_of_the_part(means: dict[tuple[str, str], MeanAccuracy]) -> None:
    assert [(means[part, AFTER].n_classes, means[part, AFTER].n) for part in ("overall", "minority", "majority")] == [
        (3, 10),
        (2, 3),
        (2, 5),
    ]


def test_a_gain_is_over_the_base_model_and_an_own_gain_over_the_control(
    means: dict[tuple[str, str], MeanAccuracy],
) -> None:
    minority, majority = means["minority", AFTER], means["majority", AFTER]
    assert (minority.gain.value, minority.own_gain.value) == pytest.approx((0.75, 0.75))
    assert (majority.gain.value, majority.own_gain.value) == pytest.approx((3 / 4 - 5 / 6, 3 / 4 - 1))
    assert means["overall", CONTROL].gain.value == pytest.approx(0.1)
    assert means["overall", CONTROL].own_gain.value is None and means["overall", BEFORE].gain.value is None


def test_intervals_hold_the_parts_of_classes_as_they_are(means: dict[tuple[str, str], MeanAccuracy]) -> None:
    gain = means["minority", AFTER].gain  # class 1 gains 1 in any draw, class 0 none, half or all of its two images
    assert (gain.low, gain.high) == (0.5, 1)
    before = means["minority", BEFORE].accuracy
    assert (before.low, before.high) == (0, 0.5)


def test_random_slices_have_their_own_spread(means: dict[tuple[str, str], MeanAccuracy]) -> None:
    random = means["minority", RANDOM]
    low, high = np.quantile([0.25, 0.5, 0.5], [0.025, 0.975])
    assert (random.accuracy.low, random.accuracy.high) == pytest.approx((low, high))
    assert random.own_gain.value == pytest.approx(5 / 12 - 1 / 4)
    assert (means["minority", AFTER].percentile, means["majority", AFTER].percentile) == (100, 0)


def test_a_part_of_a_class_has_wilsons_interval_and_one_without_images_no_row(measured: MeasuredSet) -> None:
    rows = {(row.class_name, row.part, row.model): row for row in part_accuracies(measured, ["a", "b", "c"])}
    assert {name for name, *_ in rows} == {"a", "b"}
    of_class = rows["a", "class", BEFORE]
    assert (of_class.n, of_class.accuracy.value) == (4, 0.75)
    assert (of_class.accuracy.low, of_class.accuracy.high) == pytest.approx((0.3006, 0.9544), abs=1e-4)
    whole = MeasuredSet("test", "mini v1", LABELS, {ANNOTATIONS: {0: LABELS == 0}}, measured.right)
    assert {row.part for row in part_accuracies(whole, ["a", "b", "c"])} == {"class", "minority"}
    assert {row.part for row in mean_accuracies(whole)} == {"overall", "minority"}
