"""Slices of all sizes are compared with the true groups, class by class."""

import numpy as np

from tests.scale.planted_imagenet import Planting
from tests.scale.slice_sizes import ANNOTATIONS, GROUPS, OF_ALL_SIZES, Gain, gains

SMALL = Planting(classes=10, planted=4, train=300, test=200)


def test_each_kind_of_slices_gains_on_each_planted_class() -> None:
    found = gains(SMALL)
    assert [each.slices for each in found] == [GROUPS, *OF_ALL_SIZES]
    assert all(each.gains.shape == (SMALL.planted,) and each.gains.mean() > 5 for each in found)


def test_the_difference_to_true_groups_has_its_interval_over_classes() -> None:
    groups, annotations = Gain(GROUPS, np.array([1.0, 3.0])), Gain(ANNOTATIONS, np.array([2.0, 5.0]))
    assert groups.told(groups) == "| true groups | +2.00 |  |"
    assert annotations.told(groups) == "| annotations | +3.50 | +1.50 ± 0.98 |"
