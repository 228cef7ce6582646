"""What each solver refuses before it solves anything."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.tensors.retraining.frozen_logits import free_rows
from clarify_errors.tensors.retraining.many_heads import train_heads, train_some_classes
from clarify_errors.tensors.retraining.warm_start import prepare_start
from clarify_errors.tensors.retraining.worst_group import train_worst_group
from tests.modeling.tensors.retraining.problems import X, Y

ONES, HEAD = np.ones((8, 1)), (np.zeros((3, 2)), np.zeros(3))

SOLVERS: dict[str, Callable[..., Any]] = {
    "heads": lambda labels, n_classes: train_heads(X, labels, ONES, 0.1, n_classes=n_classes),
    "worst group": lambda labels, n_classes: train_worst_group(X, labels, Y, 0.1, n_classes=n_classes),
    "some classes": lambda labels, _: train_some_classes(free_rows(X, labels, 0.1, HEAD, [0]), ONES),
    "warm start": lambda labels, n_classes: prepare_start(X, labels, 0.1, n_classes),
}


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(("label", "n_classes"), [(0, 2), (0, None), (1, None), (1, 2), (2, 3)])
def test_labels_of_one_class_alone_are_refused_whatever_the_number_of_classes(
    solver: str, label: int, n_classes: int | None
) -> None:
    with pytest.raises(BadArray, match=rf"all labels are of one class \({label}\)"):
        SOLVERS[solver](np.full(8, label), n_classes)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_third_class_may_be_absent(solver: str) -> None:
    SOLVERS[solver](Y, 3)
    SOLVERS[solver](2 * Y, None)


@pytest.mark.parametrize("solver", ["heads", "worst group", "warm start"])
def test_a_label_that_no_count_of_classes_fits_asks_for_the_number_of_classes(solver: str) -> None:
    with pytest.raises(BadArray, match="the largest of 8 labels is 10000000: pass n_classes, or number classes"):
        SOLVERS[solver](np.where(Y, 10_000_000, 0), None)
    with pytest.raises(BadArray, match="labels must be in"):
        SOLVERS[solver](np.where(Y, 10_000_000, 0), 2)


@pytest.mark.parametrize("solver", ["heads", "worst group", "warm start"])
@pytest.mark.parametrize("n_classes", [1, 0, 2.0, np.nan])
def test_a_number_of_classes_that_is_none_is_refused(solver: str, n_classes: Any) -> None:
    with pytest.raises(BadArray, match=f"number of classes must be a whole number ≥ 2, not {n_classes}"):
        SOLVERS[solver](Y, n_classes)


@pytest.mark.parametrize("features", [X[:, :0], X.astype(np.longdouble), X.astype(np.complex128)])
def test_features_without_numbers_or_of_numbers_that_are_cut_are_refused(features: Any) -> None:
    start = prepare_start(X, Y, 0.1)
    for given in (None, start):
        with pytest.raises(BadArray, match=r"must have shapes|features must be floats"):
            train_heads(features, Y, ONES, 0.1, start=given)
        with pytest.raises(BadArray, match=r"must have shapes|features must be floats"):
            train_worst_group(features, Y, Y, 0.1, start=given)


def test_a_group_that_is_no_number_with_a_sign_is_refused() -> None:
    groups = Y.astype(np.uint64) + np.uint64(2**63)
    with pytest.raises(BadArray, match="group 9223372036854775809 of row 0 does not fit a signed 64-bit integer"):
        train_worst_group(X, Y, groups, 0.1)


@pytest.mark.parametrize("classes", [[0.0], [np.nan], ["0"], [0, 1.5], np.array([0.0])])
def test_classes_to_train_that_are_not_whole_numbers_are_refused(classes: Any) -> None:
    with pytest.raises(BadArray, match="distinct integers"):
        free_rows(X, Y, 0.1, HEAD, classes)


def test_classes_to_train_may_be_an_array_or_booleans_that_count_as_numbers() -> None:
    kinds: list[Any] = [[1], np.array([1]), [True]]
    of_list, of_array, of_booleans = (
        train_some_classes(free_rows(X, Y, 0.1, HEAD, classes), ONES) for classes in kinds
    )
    np.testing.assert_array_equal(of_array.coef, of_list.coef)
    np.testing.assert_array_equal(of_booleans.coef, of_list.coef)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (ONES.astype(np.longdouble), "floats of at most 64 bits"),
        (ONES * 1e-320, r"weights\[:, 0\] must be finite"),
        ((ONES * 1e-40).astype(np.float32), r"weights\[:, 0\] must be finite"),
        (ONES * 1e308, r"weights\[:, 0\] must be finite"),
        (ONES * 1e39, r"weights\[:, 0\] must be finite"),
    ],
)
def test_weights_that_cannot_be_divided_by_their_sum_are_refused(weights: Any, message: str) -> None:
    with pytest.raises(BadArray, match=message):
        train_heads(X, Y, weights, 0.1)


def test_small_weights_are_scaled_like_others() -> None:
    small, ordinary = (train_heads(X, Y, ONES * scale, 0.1).loss[0] for scale in (1e-29, 1.0))
    assert small == pytest.approx(ordinary, rel=1e-12)
    in_float32 = train_heads(X.astype(np.float32), Y, (ONES * 1e-29).astype(np.float32), 0.1).loss[0]
    assert in_float32 == pytest.approx(ordinary, rel=1e-6)
