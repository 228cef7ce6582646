"""The reference of equation 2's objective gives the values of docs/analysts/methods.md and of two other libraries."""

import numpy as np
import pytest
import torch
from scipy.special import log_softmax
from torch.nn.functional import cross_entropy

from clarify_errors.arrays.retraining.slices import division_weights, uniform_weights
from clarify_errors.arrays.retraining.weighted_loss import weighted_loss
from clarify_errors.tensors.baselines.released_sgd import objective_loss
from tests.modeling.tensors.retraining.problems import X, Y, problem, slice_balanced


@pytest.mark.parametrize(
    ("weights", "v", "loss"),
    [
        (uniform_weights(8), (1.85374, 1.01001, -0.34905), 0.416572),
        (slice_balanced(), (1.94504, 0.70836, -0.42226), 0.451942),
    ],
    ids=["uniform", "slice-balanced"],
)
def test_it_has_the_values_of_the_method_at_the_optima(
    weights: np.ndarray, v: tuple[float, float, float], loss: float
) -> None:
    half = np.array(v) / 2  # v = w₁ - w₀, and at the optimum w₀ = -w₁
    w = np.stack([-half, half])
    assert weighted_loss(w[:, :2], w[:, 2], X, Y, weights, 0.1) == pytest.approx(loss, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_weighted_cross_entropy_of_scipy_and_torch(seed: int) -> None:
    x, y, weights = problem(n_classes=2 + seed, seed=seed)
    rng = np.random.default_rng(seed)
    coef, intercept = 30 * rng.normal(size=(2 + seed, x.shape[1])), rng.normal(size=2 + seed)
    logits, w = x @ coef.T + intercept, weights[:, 0]
    ours = weighted_loss(coef, intercept, x, y, w, 0)
    assert ours == pytest.approx(-(w * log_softmax(logits, axis=1)[np.arange(len(y)), y]).sum(), rel=1e-12)
    of_images = cross_entropy(torch.from_numpy(logits), torch.from_numpy(y), reduction="none").numpy()
    assert ours == pytest.approx(w @ of_images, rel=1e-12)
    penalised = weighted_loss(coef, intercept, x, y, w, 0.3)
    assert penalised - ours == pytest.approx(0.15 * (np.sum(coef**2) + np.sum(intercept**2)), rel=1e-12)


def test_with_the_weights_of_groups_it_is_the_released_objective() -> None:
    x, y, _ = problem(n_classes=3)
    groups = 2 * y + (x[:, 0] > 0)
    coef, intercept = np.random.default_rng(0).normal(size=(3, x.shape[1])), np.zeros(3)
    logits, labels = torch.from_numpy(x @ coef.T), torch.from_numpy(y)
    released = float(objective_loss(logits, labels, torch.from_numpy(groups), "mean_groups"))
    weights = division_weights(y, groups, "mean_slices")
    assert weighted_loss(coef, intercept, x, y, weights, 0) == pytest.approx(released, rel=1e-12)
