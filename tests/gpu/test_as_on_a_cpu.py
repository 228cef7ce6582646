"""Tests of training that ask of a GPU what they ask of a CPU."""

import pytest

from tests.modeling.tensors.baselines.test_group_dro_eg import (
    test_the_same_seed_gives_the_same_layer_and_another_seed_another,
)
from tests.modeling.tensors.retraining.test_prepare_start import (
    test_features_that_cannot_be_written_are_on_their_device_once_and_found_again,
)
from tests.modeling.tensors.retraining.test_train_heads import (
    test_more_classes_equal_scikit_learns_multinomial_regression,
    test_quick_products_in_low_precision_end_at_the_same_certificate,
    test_the_gap_certifies_the_loss,
    test_the_published_solutions_are_reached,
    test_the_same_input_gives_the_same_bits,
    test_two_classes_equal_scikit_learns_logistic_regression,
    test_what_is_too_badly_conditioned_for_float32_is_finished_in_float64,
)
from tests.modeling.tensors.retraining.test_train_some_classes import (
    data,
    test_free_rows_give_the_same_as_often_as_they_are_used,
)
from tests.modeling.tensors.retraining.test_train_worst_group import (
    test_a_warm_start_changes_the_way_but_not_the_certificate,
    test_the_published_worst_slice_solution_is_reached,
)

pytestmark = pytest.mark.gpu

__all__ = [
    "data",
    "test_a_warm_start_changes_the_way_but_not_the_certificate",
    "test_features_that_cannot_be_written_are_on_their_device_once_and_found_again",
    "test_free_rows_give_the_same_as_often_as_they_are_used",
    "test_more_classes_equal_scikit_learns_multinomial_regression",
    "test_quick_products_in_low_precision_end_at_the_same_certificate",
    "test_the_gap_certifies_the_loss",
    "test_the_published_solutions_are_reached",
    "test_the_published_worst_slice_solution_is_reached",
    "test_the_same_input_gives_the_same_bits",
    "test_the_same_seed_gives_the_same_layer_and_another_seed_another",
    "test_two_classes_equal_scikit_learns_logistic_regression",
    "test_what_is_too_badly_conditioned_for_float32_is_finished_in_float64",
]
