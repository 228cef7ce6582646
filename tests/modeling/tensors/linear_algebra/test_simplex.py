import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from clarify_errors.tensors.linear_algebra import simplex
from clarify_errors.tensors.linear_algebra.simplex import simplex_maximiser


def test_without_curvature_the_largest_value_takes_all() -> None:
    np.testing.assert_array_equal(simplex_maximiser(np.array([1.0, 3.0, 2.0]), np.zeros((3, 3))), [0, 1, 0])


def test_with_equal_curvatures_the_values_differences_are_spread() -> None:
    np.testing.assert_allclose(simplex_maximiser(np.array([0.0, 0.5]), np.eye(2)), [0.25, 0.75])


def test_one_coordinate_has_no_choice() -> None:
    np.testing.assert_array_equal(simplex_maximiser(np.array([-4.0]), np.array([[2.0]])), [1])


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 12), rank=st.integers(0, 14), scale=st.floats(1e-3, 1e3))
@settings(max_examples=150, deadline=None)
def test_no_direction_inside_the_simplex_leads_higher(seed: int, n: int, rank: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(n, rank)) * scale
    values, curvature = rng.normal(size=n), factor @ factor.T
    near = rng.dirichlet(np.ones(n)) * (rng.random(n) < 0.5)
    q = simplex_maximiser(values, curvature, near / near.sum() if near.any() else None)
    assert (q >= 0).all()
    assert q.sum() == pytest.approx(1, abs=1e-12)
    gradient = values - curvature @ q
    rounding = 1e-9 * (1 + np.abs(curvature).max())
    assert gradient.max() <= q @ gradient + rounding


@pytest.mark.parametrize("seed", range(5))
def test_the_maximum_equals_scipys(seed: int) -> None:
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(6, 8))
    values, curvature = rng.normal(size=6) * 3, factor @ factor.T

    def height(q: np.ndarray) -> float:
        return float(q @ values - q @ curvature @ q / 2)

    best = minimize(
        lambda q: -height(q), np.full(6, 1 / 6), bounds=[(0, 1)] * 6, method="SLSQP", tol=1e-12,
        constraints={"type": "eq", "fun": lambda q: q.sum() - 1},
    )  # fmt: skip
    assert height(simplex_maximiser(values, curvature)) == pytest.approx(-best.fun, abs=1e-8)


@pytest.mark.parametrize("seed", range(5))
def test_exchanging_coordinates_together_finds_what_one_by_one_finds(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(60, 80))
    values, curvature = rng.normal(size=60) * 3, factor @ factor.T
    together = simplex_maximiser(values, curvature)
    monkeypatch.setattr(simplex, "EXCHANGES", 0)
    np.testing.assert_allclose(together, simplex_maximiser(values, curvature), atol=1e-9)
    assert 1 < (together > 0).sum() < 60
