import numpy as np
import pytest

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.tensors.similarity_search.example_queries import query_of_examples
from tests.modeling.tensors.similarity_search.indexes import unit

NONE = np.empty((0, 2), np.float32)
X, Y = np.array([[1, 0]], np.float32), np.array([[0, 1]], np.float32)


def test_one_example_is_its_own_query_to_the_bit() -> None:
    image = unit(1, 32, 0)
    np.testing.assert_array_equal(query_of_examples(image, np.empty((0, 32), np.float32)), image)


def test_the_query_is_the_mean_less_half_the_mean_of_what_it_is_against() -> None:
    half = np.sqrt(0.5)
    np.testing.assert_allclose(query_of_examples(np.concatenate([X, Y]), NONE), [[half, half]], rtol=1e-6)
    np.testing.assert_allclose(query_of_examples(X, Y), np.array([[1, -0.5]]) / np.sqrt(1.25), rtol=1e-6)


def test_nothing_to_be_like_is_refused() -> None:
    with pytest.raises(BadArray, match="at least one"):
        query_of_examples(NONE, X)


def test_examples_that_cancel_each_other_are_refused() -> None:
    with pytest.raises(BadArray, match="cancel each other"):
        query_of_examples(np.concatenate([X, -X]), NONE)
