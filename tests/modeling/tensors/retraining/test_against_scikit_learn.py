"""Heads beside scikit-learn's logistic regression on the same objective: a different solver, and no certificate."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from clarify_errors.arrays.retraining.slices import SCHEMES, slice_weights
from clarify_errors.arrays.retraining.weighted_loss import weighted_loss
from clarify_errors.tensors.retraining.many_heads import train_heads

Problem = tuple[NDArray[np.floating[Any]], NDArray[np.int64], NDArray[np.float64]]  # features, labels, weights [n, K]


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Two to four classes, noise and signal of any strength, and a head for each scheme of one or two annotations."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_classes, d = draw(st.integers(2, 4)), draw(st.integers(1, 8))
    labels = rng.permutation(np.arange(draw(st.integers(6 * n_classes, 80))) % n_classes)
    x = rng.normal(size=(n_classes, d))[labels] * draw(st.floats(0, 3)) + rng.normal(size=(len(labels), d))
    annotated = labels < draw(st.integers(1, 2))
    above = rng.permutation(len(labels)) < len(labels) // 2
    above[[np.flatnonzero(labels == label)[0] for label in range(n_classes)]] = True  # so that no slice is empty
    above[[np.flatnonzero(labels == label)[1] for label in range(n_classes)]] = False
    membership = np.where(annotated, 2 * labels + above, -1)
    weights = [slice_weights(labels, membership, scheme) for scheme in sorted(SCHEMES)]
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    return ((x - x.mean(0)) / x.std(0)).astype(dtype), labels, np.stack(weights, axis=1)


def scikit_learns_loss(x: NDArray[np.float64], y: NDArray[np.int64], weights: NDArray[np.float64], l2: float) -> float:
    """F where its Newton method ends: for two classes v = w₁ - w₀ has the penalty λ/4 ‖v‖², and w₁ = -w₀ = v/2."""
    n_classes = int(y.max()) + 1
    model = LogisticRegression(
        C=(2 if n_classes == 2 else 1) / l2, fit_intercept=False, solver="newton-cg", tol=1e-10, max_iter=1_000
    )
    rows = model.fit(np.c_[x, np.ones(len(x))], y, sample_weight=weights).coef_
    rows = np.concatenate([-rows, rows]) / 2 if n_classes == 2 else rows
    return weighted_loss(rows[:, :-1], rows[:, -1], x, y, weights, l2)


@given(problems(), st.floats(-4, 1).map(lambda exponent: 10**exponent))
@settings(max_examples=40)
def test_the_loss_is_scikit_learns_to_a_millionth(problem: Problem, l2: float) -> None:
    x, y, weights = problem
    heads = train_heads(x, y, weights, l2)
    for k in range(weights.shape[1]):
        theirs = scikit_learns_loss(x.astype(np.float64), y, weights[:, k], l2)
        assert abs(heads.loss[k] - theirs) <= 1e-6 * theirs
        assert heads.loss[k] - heads.gap[k] <= theirs * (1 + 1e-12)  # the certificate lies below whatever anybody found
