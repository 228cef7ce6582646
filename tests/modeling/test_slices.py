import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from modeling.errors import BadArray, SliceTooSmall
from modeling.slices import SCHEMES, slice_members, slice_membership, slice_weights, uniform_weights

# The vector of docs/methods.md: eight images, τ = .25 for class 0 and .10 for class 1.
LABELS = np.array([1, 1, 0, 0, 0, 1, 0, 1])
SIMILARITIES = np.array([0.30, 0.10, 0.25, 0.15, 0.25, 0.20, 0.40, 0.05], dtype=np.float32)
TAU = {0: 0.25, 1: 0.10}


def members(*classes: int) -> NDArray[np.bool_]:
    union: NDArray[np.bool_] = np.logical_or.reduce([slice_members(SIMILARITIES, LABELS, c, TAU[c]) for c in classes])
    return union


def test_members_are_strictly_above_the_threshold_and_of_the_class() -> None:
    np.testing.assert_array_equal(np.flatnonzero(members(0)), [6])
    np.testing.assert_array_equal(np.flatnonzero(members(1)), [0, 5])


def test_similarities_are_compared_in_float32() -> None:
    similarities = np.array([0.1, 0.3], dtype=np.float32)
    assert float(similarities[0]) > 0.1  # as float64 it would count as above
    np.testing.assert_array_equal(slice_members(similarities, np.zeros(2, int), 0, 0.1), [False, True])


def test_two_annotated_classes_make_four_slices() -> None:
    membership = slice_membership(members(0, 1), LABELS, (0, 1), least=1)
    np.testing.assert_array_equal(membership, [3, 2, 0, 0, 0, 3, 1, 2])


def test_an_unannotated_class_is_one_slice() -> None:
    np.testing.assert_array_equal(slice_membership(members(0), LABELS, 0, least=1), [2, 2, 0, 0, 0, 2, 1, 2])


@pytest.mark.parametrize("scheme", ["class_equal", "paper", "mean_slices"])
def test_with_all_classes_annotated_the_weights_are_equation_2(scheme: str) -> None:
    membership = slice_membership(members(0, 1), LABELS, (0, 1), least=1)
    expected = np.array([1 / 4, 1 / 4, 1 / 6, 1 / 6, 1 / 6, 1 / 4, 1 / 2, 1 / 4])
    np.testing.assert_allclose(slice_weights(LABELS, membership, scheme), expected / expected.sum(), rtol=1e-14)


@pytest.mark.parametrize(
    ("scheme", "below", "above", "unannotated"),
    [
        ("class_equal", 1 / 12, 1 / 4, 1 / 8),
        ("paper", 1 / 6, 1 / 2, 1 / 8),
        ("mean_slices", 1 / 9, 1 / 3, 1 / 12),
        ("class_mass", 1 / 12, 1 / 4, 1 / 8),
    ],
)
def test_with_one_class_annotated_each_scheme_weighs_as_defined(
    scheme: str, below: float, above: float, unannotated: float
) -> None:
    membership = slice_membership(members(0), LABELS, 0, least=1)
    expected = np.select([membership == 0, membership == 1], [below, above], unannotated)
    np.testing.assert_allclose(slice_weights(LABELS, membership, scheme), expected / expected.sum(), rtol=1e-14)


def test_class_mass_keeps_unequal_classes_and_class_equal_evens_them() -> None:
    labels = np.array([0] * 30 + [1] * 10)
    membership = slice_membership(np.arange(40) < 6, labels, 0)
    mass = {scheme: np.bincount(labels, slice_weights(labels, membership, scheme)) for scheme in SCHEMES}
    np.testing.assert_allclose(mass["class_mass"], [3 / 4, 1 / 4])
    np.testing.assert_allclose(mass["class_equal"], [1 / 2, 1 / 2])
    np.testing.assert_allclose(mass["mean_slices"], [2 / 3, 1 / 3])
    np.testing.assert_allclose(mass["paper"], [4 / 5, 1 / 5])  # 2/C against N_c/N, before normalising


def test_class_equal_is_the_default() -> None:
    membership = slice_membership(members(0), LABELS, 0, least=1)
    np.testing.assert_array_equal(
        slice_weights(LABELS, membership), slice_weights(LABELS, membership, scheme="class_equal")
    )


@pytest.mark.parametrize("n_above", [0, 4, 6, 10])
def test_a_slice_below_the_least_size_is_refused_with_its_counts(n_above: int) -> None:
    labels = np.zeros(10, dtype=int)
    with pytest.raises(SliceTooSmall) as caught:
        slice_membership(np.arange(10) < n_above, labels, 0)
    refusal = caught.value
    assert (refusal.target_class, refusal.n_above, refusal.n_below, refusal.least) == (0, n_above, 10 - n_above, 5)


def test_slices_of_exactly_the_least_size_pass() -> None:
    membership = slice_membership(np.arange(10) < 5, np.zeros(10, dtype=int), 0, least=5)
    np.testing.assert_array_equal(np.bincount(membership), [5, 5])


def test_members_of_a_class_without_an_annotation_are_an_error() -> None:
    with pytest.raises(BadArray, match="not of an annotated class"):
        slice_membership(members(0, 1), LABELS, 0, least=1)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(BadArray, match="one length"):
        slice_members(SIMILARITIES[:3], LABELS, 0, 0.1)
    with pytest.raises(BadArray, match="one length"):
        slice_membership(members(0)[:3], LABELS, 0)
    with pytest.raises(BadArray, match="at least 1"):
        slice_membership(members(0), LABELS, 0, least=0)
    with pytest.raises(BadArray, match="unknown scheme 'thirds'"):
        slice_weights(LABELS, LABELS, "thirds")
    with pytest.raises(BadArray, match="length ≥ 1"):
        slice_weights(np.array([], int), np.array([], int))
    with pytest.raises(BadArray, match="more than one class"):
        slice_weights(LABELS, np.zeros(8, int))


@pytest.mark.parametrize("scheme", list(SCHEMES))
def test_minus_one_makes_each_class_that_is_not_annotated_one_slice(scheme: str) -> None:
    labels, members = np.array([0, 0, 0, 1, 1, 2], np.uint8), np.array([1, 0, 0, 0, 0, 0], np.bool_)
    without = slice_weights(labels, np.array([1, 0, 0, -1, -1, -1]), scheme)
    np.testing.assert_allclose(without, slice_weights(labels, slice_membership(members, labels, 0, least=1), scheme))


@pytest.mark.parametrize(
    ("labels", "membership", "message"),
    [
        ([0, 0, 1], [0, -1, 2], "image 0 has a slice, and other images of its class 0 have none"),
        ([0, 0, 1], [0, 0, -2], "slice -2 of image 2 must be -1 or"),
        ([0, -1, 1], [0, 0, 2], "label -1 of image 1 is negative"),
        ([0.0, 0.0, 1.0], [0, 0, 2], "must be integers"),
    ],
)
def test_ids_that_cannot_be_weighed_are_named(labels: list[int], membership: list[int], message: str) -> None:
    with pytest.raises(BadArray, match=message):
        slice_weights(np.array(labels), np.array(membership))


def test_what_is_not_finite_is_on_no_side_of_a_threshold() -> None:
    with pytest.raises(BadArray, match="similarity of image 1 is not finite: nan"):
        slice_members(np.array([0.1, np.nan]), np.array([0, 0]), 0, 0.2)
    with pytest.raises(BadArray, match="threshold nan is not finite"):
        slice_members(np.array([0.1, 0.3]), np.array([0, 0]), 0, np.nan)


def test_uniform_weights_sum_to_one() -> None:
    np.testing.assert_array_equal(uniform_weights(4), [0.25] * 4)


@st.composite
def annotated(draw: st.DrawFn) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    labels = np.array(draw(st.lists(st.integers(0, 3), min_size=1, max_size=60)))
    return labels, 2 * labels + draw(st.integers(0, 1)) * (np.arange(len(labels)) % 2)


@given(annotated(), st.sampled_from(sorted(SCHEMES)))
def test_weights_are_positive_sum_to_one_and_are_constant_in_a_slice(
    case: tuple[NDArray[np.int64], NDArray[np.int64]], scheme: str
) -> None:
    labels, membership = case
    weights = slice_weights(labels, membership, scheme)
    assert weights.dtype == np.float64
    assert (weights > 0).all()
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    for slice_id in np.unique(membership):
        assert np.ptp(weights[membership == slice_id]) == 0
