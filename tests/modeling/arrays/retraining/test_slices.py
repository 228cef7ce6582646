from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from clarify_errors.arrays.common.modeling_errors import BadArray, SliceTooSmall
from clarify_errors.arrays.retraining.slices import (
    SCHEMES,
    division_weights,
    slice_ids,
    slice_members,
    slice_membership,
    slice_weights,
    uniform_weights,
)

# The vector of docs/analysts/methods.md: eight images, τ = .25 for class 0 and .10 for class 1.
LABELS = np.array([1, 1, 0, 0, 0, 1, 0, 1])
SIMILARITIES = np.array([0.30, 0.10, 0.25, 0.15, 0.25, 0.20, 0.40, 0.05], dtype=np.float32)
TAU = {0: 0.25, 1: 0.10}


def members(*classes: int) -> NDArray[np.bool_]:
    union: NDArray[np.bool_] = np.zeros(8, dtype=np.bool_)
    for c in classes:
        union |= slice_members(SIMILARITIES, LABELS, c, TAU[c])
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


def test_an_unannotated_class_has_no_slices() -> None:
    np.testing.assert_array_equal(slice_membership(members(0), LABELS, 0, least=1), [-1, -1, 0, 0, 0, -1, 1, -1])
    np.testing.assert_array_equal(slice_membership(members(), LABELS, [], least=1), [-1] * 8)


def test_where_groups_are_asked_for_an_unannotated_class_is_one_slice() -> None:
    one, both = (slice_membership(members(*classes), LABELS, classes, least=1) for classes in ((0,), (0, 1)))
    np.testing.assert_array_equal(slice_ids(LABELS, one), [2, 2, 0, 0, 0, 2, 1, 2])
    np.testing.assert_array_equal(slice_ids(LABELS, both), both)
    np.testing.assert_array_equal(slice_ids(np.array([0, 0, 1], np.uint8), np.array([7, 9, -1], np.int8)), [7, 9, 2])
    with pytest.raises(BadArray, match="slice 2 has images of more than one class: 0, and 1 in image 2"):
        slice_ids(np.array([0, 0, 1]), np.array([2, 3, -1]))


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
    with pytest.raises(
        BadArray, match=r"image 0 is above a threshold, but its class 1 is not one of the annotated \[0\]"
    ):
        slice_membership(members(0, 1), LABELS, 0, least=1)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(BadArray, match="same length"):
        slice_members(SIMILARITIES[:3], LABELS, 0, 0.1)
    with pytest.raises(BadArray, match="same length"):
        slice_membership(members(0)[:3], LABELS, 0)
    with pytest.raises(BadArray, match="least slice size must be a whole number ≥ 1, not 0"):
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
    np.testing.assert_array_equal(without, slice_weights(labels, slice_membership(members, labels, 0, least=1), scheme))
    np.testing.assert_array_equal(without, division_weights(labels, np.array([1, 0, 0, 2, 2, 3]), scheme))


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_a_division_may_leave_classes_whole(scheme: str) -> None:
    with_third = division_weights(np.array([0, 0, 0, 1]), np.array([5, 6, 6, 4]), scheme)
    np.testing.assert_array_equal(with_third, slice_weights(np.array([0, 0, 0, 1]), np.array([5, 6, 6, -1]), scheme))
    assert division_weights(LABELS, LABELS, "class_mass") == pytest.approx(uniform_weights(8), rel=1e-15)
    with pytest.raises(BadArray, match="more than one class"):
        division_weights(LABELS, np.zeros(8, int), scheme)


@pytest.mark.parametrize(
    ("labels", "membership", "message"),
    [
        ([0, 0, 1], [0, -1, 2], "image 0 has a slice, but other images of its class 0 have none"),
        ([0, 0, 1], [0, 1, -2], "slices must be ≥ -1, but slice -2 of image 2 is not"),
        ([0, -1, 1], [0, 1, 2], "labels must be ≥ 0, but label -1 of image 1 is not"),
        ([0.0, 0.0, 1.0], [0, 1, 2], "labels must be a vector of integers, not float64"),
        ([0, 0, 1], [0.0, 1.0, np.nan], "slices must be a vector of integers, not float64"),
        ([0, 0, 1], [0, 0, -1], "class 0 is annotated, but its other slice is empty: all images are in 0"),
        ([0, 0, 1, 1], [0, 1, 3, 3], "class 1 is annotated, but its other slice is empty: all images are in 3"),
        ([0, 2**62, 1], [0, -1, 2], "label 4611686018427387904 of image 1 is too large"),
    ],
)
def test_ids_that_cannot_be_weighed_are_named(labels: list[int], membership: list[int], message: str) -> None:
    with pytest.raises(BadArray, match=message):
        slice_weights(np.array(labels), np.array(membership))


def test_what_is_not_finite_is_on_no_side_of_a_threshold() -> None:
    for bad in (np.nan, np.inf, 1e300):
        with pytest.raises(BadArray, match="similarity 1 is not a finite float32 number"):
            slice_members(np.array([0.1, bad]), np.array([0, 0]), 0, 0.2)
        with pytest.raises(BadArray, match=r"the threshold .* is not finite in float32"):
            slice_members(np.array([0.1, 0.3]), np.array([0, 0]), 0, bad)


def test_a_class_that_no_image_has_is_refused_and_no_images_have_no_members() -> None:
    for target_class in (2, 7):
        with pytest.raises(BadArray, match=f"no image is of the target class {target_class}"):
            slice_members(SIMILARITIES, LABELS, target_class, 0.1)
    not_a_class: list[Any] = [-1, 0.0, np.nan]
    for no_class in not_a_class:
        with pytest.raises(BadArray, match="the target class must be a whole number ≥ 0"):
            slice_members(SIMILARITIES, LABELS, no_class, 0.1)
        with pytest.raises(BadArray, match="an annotated class must be a whole number ≥ 0"):
            slice_membership(members(0), LABELS, no_class)
    assert slice_members(np.empty(0, np.float32), np.empty(0, int), 7, 0.1).tolist() == []


def test_twice_the_largest_label_is_a_slice() -> None:
    largest = 2**62 - 1
    assert slice_ids(np.array([0, largest]), np.array([-1, -1])).tolist() == [0, 2 * largest]
    with pytest.raises(BadArray, match="label 9223372036854775808 of image 1 is too large"):
        slice_ids(np.array([0, 2**63], np.uint64), np.array([-1, -1]))


def test_of_no_images_there_are_no_weights() -> None:
    with pytest.raises(BadArray, match="number of images must be a whole number ≥ 1, not 0"):
        uniform_weights(0)


def test_uniform_weights_sum_to_one() -> None:
    np.testing.assert_array_equal(uniform_weights(4), [0.25] * 4)


Divided = tuple[NDArray[np.int64], NDArray[np.int64]]  # labels and membership


@st.composite
def divided(draw: st.DrawFn) -> Divided:
    """Up to four classes, some of them annotated, with two to four slices of any sizes."""
    labels: list[int] = []
    membership: list[int] = []
    for label in draw(st.sets(st.integers(0, 5), min_size=1, max_size=4)):
        sizes = draw(st.lists(st.integers(1, 9), min_size=1, max_size=4))
        slices = range(10 * label, 10 * label + len(sizes)) if len(sizes) > 1 else [-1]
        labels += [label] * sum(sizes)
        membership += [each for each, size in zip(slices, sizes, strict=True) for _ in range(size)]
    order = draw(st.permutations(range(len(labels))))
    return np.array(labels)[order], np.array(membership)[order]


def masses(weights: NDArray[np.float64], of: NDArray[np.int64]) -> NDArray[np.float64]:
    """The sum of weights of each id that occurs."""
    return np.array([weights[of == each].sum() for each in np.unique(of)])


@given(divided(), st.sampled_from(sorted(SCHEMES)))
def test_weights_are_positive_sum_to_one_and_are_constant_in_a_slice(case: Divided, scheme: str) -> None:
    labels, membership = case
    weights = slice_weights(labels, membership, scheme)
    assert weights.dtype == np.float64
    assert (weights > 0).all()
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    ids = np.where(membership < 0, -1 - labels, membership)
    for slice_id in np.unique(ids):
        assert np.ptp(weights[ids == slice_id]) == 0


@given(divided(), st.sampled_from(sorted(SCHEMES)))
def test_within_an_annotated_class_each_scheme_balances_the_slices(case: Divided, scheme: str) -> None:
    labels, membership = case
    weights = slice_weights(labels, membership, scheme)
    for label in np.unique(labels[membership >= 0]):
        of_slices = masses(weights[labels == label], membership[labels == label])
        np.testing.assert_allclose(of_slices, of_slices[0], rtol=1e-12)


@given(divided())
def test_class_equal_balances_the_classes(case: Divided) -> None:
    labels, membership = case
    of_classes = masses(slice_weights(labels, membership, "class_equal"), labels)
    np.testing.assert_allclose(of_classes, 1 / len(of_classes), rtol=1e-12)


@given(divided())
def test_class_mass_leaves_the_classes_what_they_have(case: Divided) -> None:
    labels, membership = case
    of_classes = masses(slice_weights(labels, membership, "class_mass"), labels)
    np.testing.assert_allclose(of_classes, np.unique(labels, return_counts=True)[1] / len(labels), rtol=1e-12)


@given(divided())
def test_mean_slices_balances_all_slices(case: Divided) -> None:
    labels, membership = case
    ids = np.where(membership < 0, -1 - labels, membership)
    of_slices = masses(slice_weights(labels, membership, "mean_slices"), ids)
    np.testing.assert_allclose(of_slices, 1 / len(of_slices), rtol=1e-12)


@given(divided())
def test_paper_balances_the_slices_of_all_annotated_classes_and_leaves_other_images_alike(case: Divided) -> None:
    labels, membership = case
    weights, n_classes = slice_weights(labels, membership, "paper"), len(np.unique(labels))
    of_slices = masses(weights[membership >= 0], membership[membership >= 0])
    of_others = weights[membership < 0]
    total = len(of_slices) / n_classes + len(of_others) / len(labels)
    np.testing.assert_allclose(of_slices, 1 / n_classes / total, rtol=1e-12)
    np.testing.assert_allclose(of_others, 1 / len(labels) / total, rtol=1e-12)


@given(divided())
def test_with_every_class_annotated_three_schemes_weigh_alike_where_classes_have_as_many_slices(case: Divided) -> None:
    labels, _ = case
    both = np.concatenate([labels, labels])
    membership = np.concatenate([2 * labels, 2 * labels + 1])
    paper = slice_weights(both, membership, "paper")
    for scheme in ("class_equal", "mean_slices"):
        np.testing.assert_allclose(slice_weights(both, membership, scheme), paper, rtol=1e-12)
