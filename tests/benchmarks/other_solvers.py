"""Solvers that train one head at a time, of torch and scikit-learn, to compare ours with.

Two classes need one column: v = w₁ - w₀, with the penalty λ/4 ‖v‖². All start cold, as each annotation comes alone.
"""

import warnings
from contextlib import suppress

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from torch.nn.functional import cross_entropy, softplus

from tests.benchmarks.planted import L2, Planted

TOLERANCES = tuple(10 ** (-power / 2) for power in range(6, 15))  # of scikit-learn: 1e-3 to 1e-7


def with_ones(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """The features and a column of ones for the bias, which the penalty includes."""
    return np.hstack([features, np.ones((len(features), 1), np.float32)])


def scikit_learn(solver: str, ones: NDArray[np.float32], data: Planted, k: int, tolerance: float = 1e-6) -> float:
    """Train head k on features `with_ones`; returns its loss."""
    weights = data.weights[:, k] / data.weights[:, k].sum()
    penalty = L2 / 2 if data.labels.max() == 1 else L2
    model = LogisticRegression(C=1 / penalty, solver=solver, fit_intercept=False, tol=tolerance, max_iter=1_000)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        v = model.fit(ones, data.labels, sample_weight=weights).coef_
    z = (ones @ v.T).astype(np.float64)
    logits = np.hstack([np.zeros_like(z), z]) if len(v) == 1 else z
    losses = np.logaddexp.reduce(logits, axis=1) - logits[np.arange(len(z)), data.labels]
    return float(weights @ losses + penalty / 2 * (v**2).sum())


def loosest_tolerance(solver: str, ones: NDArray[np.float32], data: Planted, k: int, enough: float) -> float:
    """The largest tolerance with which scikit-learn's loss is at most `enough`."""
    return next(each for each in TOLERANCES if scikit_learn(solver, ones, data, k, each) <= enough)


def torch_lbfgs(data: Planted, k: int, max_iterations: int, enough: float = -np.inf) -> int:
    """Train head k; returns the iterations made, or those after which the loss is at most `enough`."""
    x, labels = torch.from_numpy(data.features), torch.from_numpy(data.labels)
    weights = torch.from_numpy(data.weights[:, k].astype(np.float32))
    n_classes = int(labels.max()) + 1
    rows = 1 if n_classes == 2 else n_classes
    sign = (1 - 2 * labels).float()
    v = torch.zeros(rows, x.shape[1] + 1, requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [v],
        max_iter=max_iterations,
        max_eval=10 * max_iterations,
        history_size=10,
        line_search_fn="strong_wolfe",
        tolerance_grad=0,
        tolerance_change=0,
    )

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        z = x @ v[:, :-1].T + v[:, -1]
        losses = softplus(sign * z[:, 0]) if rows == 1 else cross_entropy(z, labels, reduction="none")
        loss = weights @ losses + L2 / (4 if rows == 1 else 2) * (v * v).sum()
        if loss.item() <= enough:
            raise _Reached
        loss.backward()
        return loss

    with suppress(_Reached):
        optimiser.step(closure)
    iterations: int = optimiser.state[v]["n_iter"]
    return iterations


class _Reached(Exception):
    """The loss is low enough."""
