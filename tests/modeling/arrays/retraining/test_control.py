"""The control of a retraining: weights by hand, and what own gain says of slices that were planted."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.retraining.control import control_weights, own_gain
from clarify_errors.arrays.retraining.slices import SCHEMES, slice_membership, slice_weights

LABELS = np.array([0] * 6 + [1] * 3 + [2])


def members(*rows: int) -> NDArray[np.bool_]:
    above = np.zeros(len(LABELS), np.bool_)
    above[list(rows)] = True
    return above


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("classes", "above"), [((0,), (0, 1)), ((1,), (6,)), ((0, 1), (0, 1, 2, 3, 4, 8))])
def test_each_class_keeps_its_weight_spread_evenly(
    scheme: str, classes: tuple[int, ...], above: tuple[int, ...]
) -> None:
    run = slice_weights(LABELS, slice_membership(members(*above), LABELS, classes, least=1), scheme)
    control = control_weights(LABELS, classes, scheme)
    for label in range(3):
        of_class = np.equal(LABELS, label)
        assert_allclose(control[of_class], run[of_class].sum() / of_class.sum(), rtol=1e-12)


def test_by_hand() -> None:
    class_sizes = np.array([6] * 6 + [3] * 3 + [1])
    assert_allclose(control_weights(LABELS, 0, "class_equal"), 1 / (3 * class_sizes))
    assert_allclose(control_weights(LABELS, 0, "class_mass"), np.full(10, 0.1))
    four_slices = np.where(LABELS == 0, 2 / 6, 1 / class_sizes) / 4
    assert_allclose(control_weights(LABELS, 0, "mean_slices"), four_slices)
    to_the_letter = np.where(LABELS == 0, 2 / (3 * 6), 1 / 10)
    assert_allclose(control_weights(LABELS, [0], "paper"), to_the_letter / to_the_letter.sum())


def test_the_order_and_the_repetition_of_classes_do_not_matter() -> None:
    assert_allclose(control_weights(LABELS, [0, 2, 0], "paper"), control_weights(LABELS, [2, 0], "paper"))


@pytest.mark.parametrize(
    ("labels", "classes", "scheme", "words"),
    [
        (LABELS, 5, "class_equal", "no image is of the annotated class 5"),
        (LABELS, 0, "equal", "scheme"),
        (np.array([], np.int64), 0, "class_equal", "same length ≥ 1"),
        (np.array([-1, 0]), 0, "class_equal", "label"),
    ],
)
def test_bad_input_is_refused_by_name(labels: NDArray[np.int64], classes: int, scheme: str, words: str) -> None:
    with pytest.raises(BadArray, match=words):
        control_weights(labels, classes, scheme)


def test_own_gain_is_the_difference() -> None:
    assert own_gain(0.5, 0.75) == -0.25
