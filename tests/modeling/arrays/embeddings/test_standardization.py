import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.embeddings.standardization import Standardization, unit_rows


@pytest.fixture
def features() -> NDArray[np.float32]:
    return np.random.default_rng(3).normal(size=(200, 7)).astype(np.float32)


def test_rows_get_length_one(features: NDArray[np.float32]) -> None:
    rows = unit_rows(features * 40)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(rows[0], features[0] / np.linalg.norm(features[0]), rtol=1e-6)


@given(arrays(np.float32, array_shapes(min_dims=2, max_dims=2), elements=st.floats(0.015625, 1000, width=32)))
def test_unit_rows_are_kept_bit_for_bit(x: NDArray[np.float32]) -> None:
    once = unit_rows(x)
    assert unit_rows(once).tobytes() == once.tobytes()


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_a_row_without_a_direction_is_named(features: NDArray[np.float32], bad: float) -> None:
    features[5] = bad
    with pytest.raises(BadArray, match="row 5 is zero or not finite"):
        unit_rows(features)


def test_z_scores_of_the_training_features_have_mean_zero_and_deviation_one(features: NDArray[np.float32]) -> None:
    z = Standardization.fit(features).apply(features)
    assert z.dtype == np.float32
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(z.std(axis=0), 1, rtol=1e-5)


def test_other_images_are_scored_with_the_statistics_of_train(features: NDArray[np.float32]) -> None:
    standardization, other = Standardization.fit(features), features[:3] * 2 + 1
    x = unit_rows(features).astype(np.float64)
    expected = (unit_rows(other) - x.mean(axis=0)) / x.std(axis=0)
    np.testing.assert_allclose(standardization.apply(other), expected, atol=1e-5)


def test_a_dimension_that_does_not_vary_is_only_centred() -> None:
    x = np.random.default_rng(0).normal(size=(50, 4))
    x[:, 2] = 0
    standardization = Standardization.fit(x)
    assert standardization.deviation[2] == 1
    assert (standardization.apply(x)[:, 2] == 0).all()


def test_a_row_is_scored_alike_alone_and_in_a_batch(features: NDArray[np.float32]) -> None:
    standardization = Standardization.fit(features)
    alone = np.concatenate([standardization.apply(row[None]) for row in features])
    assert alone.tobytes() == standardization.apply(features).tobytes()


def test_what_does_not_fit_is_refused(features: NDArray[np.float32]) -> None:
    standardization = Standardization.fit(features)
    with pytest.raises(BadArray, match="7 dimensions"):
        standardization.apply(features[:, :5])
    with pytest.raises(BadArray, match="matrix"):
        unit_rows(features[0])
    with pytest.raises(BadArray, match="no training features"):
        Standardization.fit(features[:0])
    with pytest.raises(BadArray, match="deviation positive"):
        Standardization(np.zeros(2, np.float32), np.zeros(2, np.float32))
    with pytest.raises(BadArray, match="must be float32"):
        Standardization(np.zeros(2), np.ones(2))  # type: ignore[arg-type]
    with pytest.raises(BadArray, match="same length"):
        Standardization(np.zeros(2, np.float32), np.ones(3, np.float32))
