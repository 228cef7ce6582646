import json
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.retraining.group_accuracies import (
    class_error_rates,
    group_metrics,
    group_shares,
    hardest_class,
)

WATERBIRDS_TRAIN = np.array([3498, 184, 56, 1057])


def predictions_with(
    right_per_group: list[int], n_per_group: list[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Binary labels by group (two groups a class) and predictions of which so many in each group are right."""
    groups = np.repeat(np.arange(len(n_per_group)), n_per_group)
    labels = groups // 2
    right = np.concatenate([np.arange(n) < r for r, n in zip(right_per_group, n_per_group, strict=True)])
    return np.where(right, labels, 1 - labels), labels, groups


def test_average_and_gap_follow_the_train_counts_of_waterbirds() -> None:
    metrics = group_metrics(*predictions_with([990, 800, 634, 950], [1000] * 4), WATERBIRDS_TRAIN)
    assert metrics.accuracies == (0.99, 0.8, 0.634, 0.95)
    assert metrics.worst_group == 0.634
    assert metrics.average == pytest.approx(0.969734, abs=5e-7)
    assert metrics.gap == pytest.approx(0.335734, abs=5e-7)


def test_the_plain_average_counts_images_not_train_groups() -> None:
    metrics = group_metrics(*predictions_with([10, 0, 0, 30], [10, 10, 20, 60]), WATERBIRDS_TRAIN)
    assert metrics.average_plain == 0.4
    assert metrics.counts == (10, 10, 20, 60)


def test_the_worst_group_is_taken_only_over_groups_with_members() -> None:
    metrics = group_metrics(*predictions_with([9, 0, 8, 7], [10, 0, 10, 10]), WATERBIRDS_TRAIN)
    assert metrics.worst_group == 0.7
    assert metrics.accuracies[1] is None
    assert metrics.counts[1] == 0


def test_the_average_is_taken_only_over_groups_with_members() -> None:
    metrics = group_metrics(*predictions_with([9, 0, 8, 7], [10, 0, 10, 10]), [100, 1000, 100, 200])
    assert metrics.average == pytest.approx((0.9 * 100 + 0.8 * 100 + 0.7 * 200) / 400)


def test_metrics_can_be_stored_as_json() -> None:
    metrics = group_metrics(*predictions_with([9, 0, 8, 7], [10, 0, 10, 10]), WATERBIRDS_TRAIN)
    stored = json.loads(json.dumps(asdict(metrics), allow_nan=False))
    assert stored["accuracies"] == [0.9, None, 0.8, 0.7]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(BadArray, match="same length"):
        group_metrics(np.zeros(2, int), np.zeros(3, int), np.zeros(3, int), [1])
    with pytest.raises(BadArray, match="length ≥ 1"):
        group_metrics(np.zeros(0, int), np.zeros(0, int), np.zeros(0, int), [1])
    with pytest.raises(BadArray, match=r"groups must be in \[0, 1\), but group 1 of image 0 is not"):
        group_metrics(np.zeros(1, int), np.zeros(1, int), np.ones(1, int), [1])
    with pytest.raises(BadArray, match="the average has no weights"):
        group_metrics(np.zeros(1, int), np.zeros(1, int), np.zeros(1, int), [0, 5])
    with pytest.raises(BadArray, match="same length"):
        class_error_rates(np.zeros(2, int), np.zeros(3, int), 2)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"predictions": np.array([0.0, np.nan])}, "predictions must be a vector of integers, not float64"),
        ({"predictions": np.array([0, -1])}, "prediction -1 of image 1"),
        ({"labels": np.array([0.0, 1.0])}, "labels must be a vector of integers, not float64"),
        ({"labels": np.array([-1, 1])}, "label -1 of image 0"),
        ({"groups": np.array([0.0, 1.0])}, "groups must be a vector of integers, not float64"),
        ({"groups": np.array([0, 2])}, "group 2 of image 1"),
        ({"train_counts": [1.0, np.nan]}, "train counts must be a vector of integers, not float64"),
        ({"train_counts": [5, -1]}, "train count -1 of group 1"),
        ({"train_counts": np.ones((2, 2), int)}, "train counts must be a vector of integers, not int64"),
    ],
)
def test_what_has_no_accuracy_is_named(changed: dict[str, Any], message: str) -> None:
    ids = np.array([0, 1])
    fitting: dict[str, Any] = {"predictions": ids, "labels": ids, "groups": ids, "train_counts": [5, 5]}
    assert group_metrics(**fitting).worst_group == 1
    with pytest.raises(BadArray, match=message):
        group_metrics(**{**fitting, **changed})


def test_shares_of_groups_without_members_are_not_numbers() -> None:
    shares = group_shares(np.array([True, False, True]), np.array([0, 0, 2], np.uint64), 4)
    np.testing.assert_array_equal(shares, [0.5, np.nan, 1, np.nan])
    with pytest.raises(BadArray, match="marks must be boolean"):
        group_shares(np.array([1, 0]), np.array([0, 1]), 2)


def test_error_rates_are_shares_of_each_class() -> None:
    labels, predictions = np.array([0, 0, 0, 0, 2, 2]), np.array([0, 1, 2, 0, 2, 1])
    assert class_error_rates(predictions, labels, 3) == (0.5, None, 0.5)


def test_the_hardest_class_has_the_highest_error_rate_and_ties_go_to_the_first() -> None:
    labels = np.array([0, 0, 1, 1, 2, 2])
    assert hardest_class(np.array([0, 0, 0, 0, 0, 2]), labels, 3) == 1
    assert hardest_class(np.array([0, 1, 1, 0, 2, 2]), labels, 3) == 0
    assert hardest_class(np.array([0, 0]), np.array([1, 1]), 3) == 1
    with pytest.raises(BadArray, match="no images"):
        hardest_class(np.zeros(0, int), np.zeros(0, int), 2)
