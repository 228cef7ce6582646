"""An annotation selects the images of its class whose signed similarity to its text is above its threshold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.embeddings.similarity import similarities
from clarify_errors.arrays.embeddings.standardization import unit_rows
from clarify_errors.arrays.retraining.annotation import Annotation

IMAGES = np.array([[1, 0], [0.6, 0.8], [0, 1], [0.8, 0.6]], np.float32)
ROWS, LABELS = np.array([3, 0, 1]), np.array([0, 0, 1])
TEXT = np.array([1, 0], np.float32)
TAU = float(np.float32(0.8))


def test_members_are_of_the_class_and_strictly_above_the_threshold() -> None:
    members = Annotation(0, TEXT, 1, TAU).members(IMAGES, ROWS, LABELS)
    np.testing.assert_array_equal(members, [False, True, False])


def test_members_of_a_negation_have_the_opposite_similarity_above_the_threshold() -> None:
    members = Annotation(0, TEXT, -1, -0.9).members(IMAGES, ROWS, LABELS)
    np.testing.assert_array_equal(members, [True, False, False])


@given(seed=st.integers(0, 2**32 - 1), sign=st.sampled_from([1, -1]), target_class=st.integers(0, 2))
def test_members_follow_from_the_definition_to_the_bit(seed: int, sign: int, target_class: int) -> None:
    rng = np.random.default_rng(seed)
    images, text = unit_rows(rng.normal(size=(40, 5))), unit_rows(rng.normal(size=(1, 5)))[0]
    rows, labels = rng.permutation(40)[:25], rng.integers(0, 3, 25)
    values = sign * similarities(images[rows], text)
    threshold = float(rng.choice(values))  # a tie, which is not above
    members = Annotation(target_class, text, sign, threshold).members(images, rows, labels)
    np.testing.assert_array_equal(members, (labels == target_class) & (values > np.float32(threshold)))


def test_rows_without_the_class_have_no_member_and_none_is_read() -> None:
    unread = np.full((4, 2), np.nan, np.float32)
    for rows in (np.arange(3), np.arange(0)):
        members = Annotation(0, TEXT, 1, 0.1).members(unread, rows, np.ones(len(rows), int))
        np.testing.assert_array_equal(members, np.zeros(len(rows), bool))


def test_labels_of_other_rows_and_rows_outside_the_data_set_are_refused() -> None:
    striped = Annotation(0, TEXT, 1, TAU)
    with pytest.raises(BadArray):
        striped.members(IMAGES, ROWS, LABELS[:2])
    for no_row in (-1, 4):
        with pytest.raises(BadArray, match=rf"rows must be in \[0, 4\), but row {no_row} of image 1 is not"):
            striped.members(IMAGES, np.array([3, no_row, 1]), LABELS)


def test_a_sign_is_1_or_minus_1() -> None:
    with pytest.raises(BadArray, match="the sign must be 1 or -1, not 0"):
        Annotation(0, TEXT, 0, TAU)
