"""`make bench`: 26 heads at once against scikit-learn, one head after the other, on features of Waterbirds' size."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from modeling.retraining import train_heads
from modeling.slices import slice_membership, slice_weights

N, D, K, L2 = 4_795, 1_024, 26, 0.01

Problem = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float64]]


@pytest.fixture(scope="module")
def problem() -> Problem:
    """Correlated, standardised features; labels of two classes that depend on them; K annotations of class 0."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N, D)) @ (np.eye(D) + rng.normal(scale=0.3 / D**0.5, size=(D, D)))
    x = ((x - x.mean(0)) / x.std(0)).astype(np.float32)
    y = (x @ rng.normal(scale=1.5 / D**0.5, size=D) + rng.logistic(size=N) > 0).astype(np.int64)
    members = [(rng.random(N) < share) & (y == 0) for share in np.linspace(0.05, 0.5, K)]
    return x, y, np.stack([slice_weights(y, slice_membership(m, y, 0)) for m in members], axis=1)


@pytest.fixture(autouse=True)
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("heads", [1, K])
def test_batched(benchmark: Any, problem: Problem, heads: int) -> None:
    x, y, weights = problem
    benchmark.group = "retraining on 4,795 x 1,024"
    benchmark.extra_info["heads"] = heads
    trained = benchmark.pedantic(train_heads, (x, y, weights[:, :heads], L2), rounds=3)
    assert (trained.gap <= 1e-6 * trained.loss).all()


def test_scikit_learn_one_head(benchmark: Any, problem: Problem) -> None:
    x, y, weights = problem
    benchmark.group = "retraining on 4,795 x 1,024"
    benchmark.extra_info["heads"] = 1
    benchmark.extra_info["baseline"] = True
    with_ones = np.c_[x.astype(np.float64), np.ones(N)]
    model = LogisticRegression(C=2 / L2, fit_intercept=False, tol=1e-6, max_iter=10_000)
    benchmark.pedantic(lambda: model.fit(with_ones, y, sample_weight=weights[:, 0]), rounds=3)
    assert model.n_iter_[0] < 10_000
