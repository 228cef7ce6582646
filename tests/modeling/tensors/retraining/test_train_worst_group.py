import re
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from clarify_errors.arrays.common.modeling_errors import BadArray, NotConverged
from clarify_errors.arrays.retraining.weighted_loss import weighted_loss
from clarify_errors.tensors.retraining import worst_group as solved_here
from clarify_errors.tensors.retraining.frozen_logits import free_rows
from clarify_errors.tensors.retraining.loss_weights import GroupMeans
from clarify_errors.tensors.retraining.many_heads import train_heads, train_some_classes
from clarify_errors.tensors.retraining.problem import Problem
from clarify_errors.tensors.retraining.warm_start import WarmStart, prepare_start
from clarify_errors.tensors.retraining.worst_group import TrainedWorstGroup, train_worst_group
from tests.benchmarks.planted import planted
from tests.modeling.tensors.retraining.problems import X, Y, problem, slice_ids


def group_weights(groups: NDArray[np.int64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weight of each image when group g has the mass q_g."""
    _, which, counts = np.unique(groups, return_inverse=True, return_counts=True)
    return np.asarray((q / counts)[which], dtype=np.float64)


def worst_loss(
    trained: TrainedWorstGroup, x: NDArray[Any], y: NDArray[np.int64], groups: NDArray[np.int64], l2: float
) -> float:
    """The objective written out again."""
    means = [group_weights(groups, (trained.groups == g).astype(float)) for g in trained.groups]
    return max(weighted_loss(trained.coef, trained.intercept, x, y, mean, l2) for mean in means)


def lower_bound(
    trained: TrainedWorstGroup,
    x: NDArray[Any],
    y: NDArray[np.int64],
    groups: NDArray[np.int64],
    l2: float,
    classes: int,
) -> float:
    """The minimum of the smooth problem with the weights q is below that of the worst group's, for every q."""
    weights = group_weights(groups, trained.q)[:, None]
    heads = train_heads(x.astype(np.float64), y, weights, l2, n_classes=classes, tolerance=1e-12)
    return float(heads.loss[0] - heads.gap[0])


def subgradient_descent(
    x: NDArray[np.float64], y: NDArray[np.int64], groups: NDArray[np.int64], l2: float, steps: int = 4_000
) -> float:
    """The lowest objective that plain subgradient steps of 1 / (λ t) find, for two classes: never below the optimum."""
    with_ones, sign = np.c_[x, np.ones(len(x))], 2 * y - 1
    members = np.stack([groups == g for g in np.unique(groups)])
    v, lowest = np.zeros(with_ones.shape[1]), np.inf
    for t in range(1, steps):
        margins = sign * (with_ones @ v)
        losses = np.logaddexp(0, -margins) @ members.T / members.sum(1)
        lowest = min(lowest, float(losses.max() + l2 / 4 * v @ v))
        worst = members[losses.argmax()]
        gradient = -(sign / (1 + np.exp(margins)) * worst / worst.sum()) @ with_ones + l2 / 2 * v
        v -= gradient / (l2 / 2 * (t + 50))
    return lowest


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_published_worst_slice_solution_is_reached(dtype: type[np.floating[Any]], device: str) -> None:
    trained = train_worst_group(X.astype(dtype), Y, slice_ids(), l2=0.1, tolerance=1e-10, device=device)
    assert trained.loss == pytest.approx(0.504396, abs=5e-7)
    v = np.append(trained.coef[1] - trained.coef[0], trained.intercept[1] - trained.intercept[0])
    np.testing.assert_allclose(v, [1.9697, 0.2354, -0.4291], atol=6e-5)
    np.testing.assert_allclose(trained.q, [0, 0.522, 0, 0.478], atol=6e-4)
    np.testing.assert_allclose(trained.group_loss, [0.31652, 0.40142, 0.33362, 0.40142], atol=6e-6)
    assert trained.gap <= 1e-10 * trained.loss


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_the_solution_is_a_weighted_one_with_the_weights_q(n_classes: int) -> None:
    x, y, _ = problem(n_classes=n_classes)
    trained = train_worst_group(x, y, y, l2=0.02, tolerance=1e-11)
    smooth = train_heads(x, y, group_weights(y, trained.q)[:, None], l2=0.02, tolerance=1e-12)
    assert trained.loss == pytest.approx(smooth.loss[0], rel=1e-8)
    np.testing.assert_allclose(trained.coef, smooth.coef[0], atol=1e-4)
    np.testing.assert_allclose(trained.group_loss[trained.q > 1e-3], trained.group_loss.max(), rtol=1e-5)


@given(
    seed=st.integers(0, 2**32 - 1),
    n_classes=st.integers(2, 4),
    n_groups=st.integers(1, 7),
    l2=st.floats(1e-3, 10),
    tolerance=st.sampled_from([1e-1, 1e-3, 1e-7]),
    dtype=st.sampled_from([np.float32, np.float64]),
)
@settings(max_examples=30, deadline=None)
def test_the_certificate_bounds_the_true_gap_whatever_the_problem(
    seed: int, n_classes: int, n_groups: int, l2: float, tolerance: float, dtype: type[np.floating[Any]]
) -> None:
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(max(n_classes, n_groups), 60)), int(rng.integers(1, 10))
    x = (rng.normal(size=(n, d)) * rng.exponential(size=d)).astype(dtype)
    y, groups = rng.permutation(np.arange(n) % n_classes), rng.permutation(np.arange(n) % n_groups)
    trained = train_worst_group(x, y, groups, l2, n_classes=n_classes, tolerance=tolerance)
    exact = train_worst_group(x.astype(np.float64), y, groups, l2, n_classes=n_classes, tolerance=1e-9)
    assert trained.gap <= tolerance * trained.loss
    assert trained.loss - (exact.loss - exact.gap) <= trained.gap + exact.gap + 1e-12
    assert trained.loss >= exact.loss - exact.gap - 1e-12
    assert trained.loss - trained.gap <= lower_bound(trained, x, y, groups, l2, n_classes) + 1e-9
    assert trained.loss == pytest.approx(worst_loss(trained, x, y, groups, l2), rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_no_other_head_is_better_than_the_bound(seed: int) -> None:
    x, y, _ = problem(d=5, seed=seed)
    groups = 2 * y + (x[:, 0] > 0.7)
    trained = train_worst_group(x, y, groups, l2=0.1)
    found = subgradient_descent(x, y, groups, 0.1)
    assert trained.loss - trained.gap <= found
    assert found == pytest.approx(trained.loss, rel=2e-2)


def test_the_worst_group_fares_better_than_under_any_fixed_weights() -> None:
    x, y, weights = problem()
    groups = 2 * y + (x[:, 0] > 1)
    trained = train_worst_group(x, y, groups, l2=0.01)
    heads = train_heads(x, y, weights, l2=0.01)
    for k in range(weights.shape[1]):
        means = [group_weights(groups, (trained.groups == g).astype(float)) for g in trained.groups]
        assert trained.loss <= max(
            weighted_loss(heads.coef[k], heads.intercept[k], x, y, mean, 0.01) for mean in means
        ) + 1e-9  # fmt: skip


def test_one_group_is_plain_supervised_training() -> None:
    x, y, _ = problem(n_classes=3)
    trained = train_worst_group(x, y, np.zeros(len(x), np.int64), l2=0.01, tolerance=1e-10)
    plain = train_heads(x, y, np.full((len(x), 1), 1 / len(x)), l2=0.01, tolerance=1e-12)
    assert trained.loss == pytest.approx(plain.loss[0], rel=1e-9)
    np.testing.assert_array_equal(trained.q, [1])


def test_ids_without_images_are_left_out() -> None:
    x, y, _ = problem()
    trained = train_worst_group(x, y, 10 * y + 3, l2=0.01)
    np.testing.assert_array_equal(trained.groups, [3, 13])
    assert trained.group_loss.shape == trained.q.shape == (2,)
    np.testing.assert_allclose(trained.coef, train_worst_group(x, y, y, l2=0.01).coef)


def test_a_warm_start_changes_the_way_but_not_the_certificate(device: str) -> None:
    x, y, _ = problem()
    start = prepare_start(x, y, l2=0.01, device=device)
    first, second = (train_worst_group(x, y, y, l2=0.01, start=given, device=device) for given in (start, None))
    assert first.loss == second.loss


def test_too_few_iterations_are_an_error_not_a_result() -> None:
    x, y, _ = problem()
    with pytest.raises(NotConverged, match=r"did not converge in 1 iterations.* Allow more iterations"):
        train_worst_group(x, y, 2 * y + (x[:, 0] > 1), l2=0.001, max_iterations=1)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"groups": Y[:4]}, "groups int64[4] must be integers of shape (8,)"),
        ({"groups": Y.astype(np.float64)}, "groups float64[8] must be integers"),
        ({"groups": Y - 1}, "group -1 of row 2 is negative"),
        ({"features": X * np.nan}, "row 0 has a number not finite"),
        ({"labels": Y * 0}, "all labels are of one class"),
        ({"l2": -1}, "l2 must be positive"),
        ({"n_classes": 1}, "the number of classes must be a whole number ≥ 2, not 1"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_and_where(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(BadArray, match=re.escape(message)):
        train_worst_group(**{"features": X, "labels": Y, "groups": slice_ids(), "l2": 0.1, **changed})


@pytest.mark.parametrize("tolerance", [0.0, -1e-6, float("nan"), float("inf")])
def test_a_tolerance_that_certifies_nothing_is_refused_by_each_solver(tolerance: float) -> None:
    weights, zeros = np.ones((len(Y), 1)), np.zeros((2, 2))
    with pytest.raises(BadArray, match="the tolerance must be positive"):
        train_worst_group(X, Y, Y, 0.1, tolerance=tolerance)
    with pytest.raises(BadArray, match="the tolerance must be positive"):
        train_heads(X, Y, weights, 0.1, tolerance=tolerance)
    with pytest.raises(BadArray, match="the tolerance must be positive"):
        train_some_classes(free_rows(X, Y, 0.1, (zeros, np.zeros(2)), [0]), weights, tolerance=tolerance)


@pytest.mark.parametrize("n_groups", [40, 120])
def test_many_groups_are_certified_too(n_groups: int) -> None:
    x, y, _ = problem(n=1_500, d=20)
    groups = np.random.default_rng(0).integers(0, n_groups, len(y))
    trained = train_worst_group(x, y, groups, 0.05)
    assert len(trained.q) == n_groups
    assert trained.q.sum() == pytest.approx(1, abs=1e-9)
    assert trained.gap <= 1e-6 * trained.loss
    assert trained.loss == pytest.approx(worst_loss(trained, x, y, groups, 0.05), rel=1e-9)
    assert trained.loss - trained.gap <= lower_bound(trained, x, y, groups, 0.05, 2) * (1 + 1e-9) + 1e-9
    assert trained.loss <= lower_bound(trained, x, y, groups, 0.05, 2) + trained.gap + 1e-9


@pytest.mark.parametrize("seed", range(4))
def test_a_loose_tolerance_takes_one_certificate(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    asked, certify = [], solved_here.certify

    def counted(*arguments: Any) -> Any:
        asked.append(certify(*arguments))
        return asked[-1]

    monkeypatch.setattr(solved_here, "certify", counted)
    data = planted(600, 40, 1, seed)
    trained = train_worst_group(data.features, data.labels, data.groups, 0.01, tolerance=1e-2)
    assert trained.gap <= 1e-2 * trained.loss
    assert len(asked) == 1


@pytest.mark.parametrize("tolerance", [1e-2, solved_here._LOOSE, 1e-3])
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_a_start_that_is_rounded_or_wrong_costs_time_but_no_certificate(
    monkeypatch: pytest.MonkeyPatch, tolerance: float, noise: float
) -> None:
    logits = WarmStart.logits

    def spoilt(start: WarmStart, problem: Problem) -> torch.Tensor:
        z = logits(start, problem)
        return z + noise * torch.randn(z.shape, generator=torch.Generator().manual_seed(0))

    monkeypatch.setattr(WarmStart, "logits", spoilt)
    monkeypatch.setattr("clarify_errors.tensors.retraining.solver.multiplies_bfloat16", lambda device: True)
    data = planted(600, 40, 1)
    trained = train_worst_group(data.features, data.labels, data.groups, 0.01, tolerance=tolerance)
    exact = train_worst_group(data.features.astype(np.float64), data.labels, data.groups, 0.01)
    assert trained.gap <= tolerance * trained.loss
    assert exact.loss - exact.gap <= trained.loss <= exact.loss + trained.gap
    assert trained.loss == pytest.approx(worst_loss(trained, data.features, data.labels, data.groups, 0.01), rel=1e-9)


@pytest.mark.parametrize(("n", "d", "n_classes", "n_groups"), [(400, 20, 2, 2), (1_000, 100, 5, 15), (800, 60, 2, 40)])
def test_products_in_halves_cost_hardly_a_step_more(
    monkeypatch: pytest.MonkeyPatch, n: int, d: int, n_classes: int, n_groups: int
) -> None:
    monkeypatch.setattr("clarify_errors.tensors.retraining.solver.multiplies_bfloat16", lambda device: True)
    x, y, _ = problem(n=n, d=d, n_classes=n_classes)
    groups = np.random.default_rng(0).integers(0, n_groups, n)
    bfloat16_blocks, doubles = (
        train_worst_group(x.astype(dtype), y, groups, l2=0.01, tolerance=1e-6) for dtype in (np.float32, np.float64)
    )
    assert bfloat16_blocks.iterations <= 2 * doubles.iterations + 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("l2", [1e-30, 5e-324])
def test_a_penalty_too_small_for_numbers_ends_in_an_error(l2: float, dtype: type[np.floating[Any]]) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 2)).astype(dtype), rng.integers(0, 2, 40)
    with np.errstate(all="ignore"), pytest.raises(NotConverged):
        train_worst_group(x, y, y, l2, max_iterations=50)
    with np.errstate(all="ignore"), pytest.raises(NotConverged):
        train_heads(x, y, np.ones((40, 1)), l2, max_iterations=50)


@given(
    groups=st.lists(st.one_of(st.integers(0, 5), st.integers(0, 2**40)), min_size=1, max_size=50),
    dtype=st.sampled_from([np.int64, np.uint64]),
)
def test_groups_are_numbered_in_the_order_of_their_ids(groups: list[int], dtype: type[np.integer[Any]]) -> None:
    means = GroupMeans.of(np.array(groups, dtype), torch.device("cpu"))
    ids, which, counts = np.unique(groups, return_inverse=True, return_counts=True)
    np.testing.assert_array_equal(means.ids, ids)
    assert means.ids.dtype == np.int64
    np.testing.assert_array_equal(means.group_of_image.numpy(), which)
    np.testing.assert_allclose(means.weight.numpy(), 1 / counts)
