import numpy as np
import pytest

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.retraining.confused_classes import most_confused


def test_both_directions_count_and_the_smaller_number_wins_a_tie() -> None:
    labels = np.array([0, 0, 0, 3, 3, 2, 1, 5, 5])
    predicted = np.array([0, 3, 1, 0, 3, 0, 1, 5, 4])
    assert most_confused(predicted, labels, 0, most=10).tolist() == [3, 1, 2]
    assert most_confused(predicted, labels, 0, most=1).tolist() == [3]
    assert most_confused(predicted, labels, 0, most=0).tolist() == []
    assert most_confused(predicted, labels, 6, most=10).tolist() == []


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(BadArray, match="predicted"):
        most_confused(np.array([0]), np.array([0, 1]), 0, most=1)
