"""All that evaluates the weighted loss in blocks agrees with the reference that is written out once."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from clarify_errors.arrays.retraining.weighted_loss import weighted_loss
from clarify_errors.tensors.retraining.cross_entropy import cross_entropy
from clarify_errors.tensors.retraining.frozen_logits import free_rows
from clarify_errors.tensors.retraining.loss_weights import GroupMeans, HeadWeights
from clarify_errors.tensors.retraining.many_heads import TrainedHeads, train_heads, train_some_classes
from clarify_errors.tensors.retraining.objective import (
    Evaluation,
    ImageState,
    evaluate,
    evaluate_change,
    evaluate_known,
)
from clarify_errors.tensors.retraining.problem import Precision, Problem
from clarify_errors.tensors.retraining.worst_group import train_worst_group
from tests.modeling.tensors.retraining.problems import problem

L2 = 0.07
DOUBLE = Precision(operands=torch.float64, values=torch.float64, shrinks=0, max_iterations=500)
CASES = [(2, 0), (2, 1), (3, 2), (5, 3), (7, 6)]  # classes, seed
random_problems = pytest.mark.parametrize(("n_classes", "seed"), CASES)


class Case:
    """A random problem on its device, the loss weights of four heads, and one point of all heads."""

    def __init__(self, n_classes: int, seed: int) -> None:
        self.x, self.y, self.w = problem(n_classes=n_classes, seed=seed)
        self.problem = Problem.of(self.x, self.y, L2, n_classes, "cpu")
        self.weights = HeadWeights.of(torch.from_numpy(self.w), torch.float64)
        self.random = np.random.default_rng(seed)
        self.v = self.point()

    def point(self, scale: float = 1.0) -> Tensor:
        shape = 1, self.problem.n_columns, self.x.shape[1] + 1
        return torch.from_numpy(self.random.normal(size=shape, scale=scale))

    def reference(self, v: Tensor, k: int, l2: float = L2) -> float:
        return self.of_weights(v, self.w[:, k], l2)

    def of_weights(self, v: Tensor, weights: NDArray[np.float64], l2: float = L2) -> float:
        rows = self.problem.cross_entropy.rows(v)[0].numpy()
        return weighted_loss(rows[:, :-1], rows[:, -1], self.x, self.y, weights, l2)

    def z(self) -> Tensor:
        ones = np.ones((len(self.x), 1))
        return (self.v[0] @ torch.from_numpy(np.hstack([self.x, ones])).T)[None]


def check(case: Case, v: Tensor, found: Evaluation) -> None:
    """The loss of each head, with and without its penalty, and its slope along a random direction."""
    direction, h = case.point(), 1e-5
    for k in range(len(case.weights)):
        assert float(found.data_loss[k]) == pytest.approx(case.reference(v, k, l2=0), rel=1e-10)
        assert float(found.loss[k]) == pytest.approx(case.reference(v, k), rel=1e-10)
        difference = case.reference(v + h * direction, k) - case.reference(v - h * direction, k)
        slope = float((found.gradient[k] * direction[0]).sum())
        assert slope == pytest.approx(difference / (2 * h), rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("n_classes", [2, 3, 10, 1_000])
def test_coordinates_are_by_an_orthonormal_basis_of_what_sums_to_0(n_classes: int) -> None:
    of_classes = cross_entropy(n_classes)
    basis = of_classes.rows(torch.eye(of_classes.n_columns, dtype=torch.float64)[None])[0]
    torch.testing.assert_close(basis.T @ basis, torch.eye(n_classes - 1, dtype=torch.float64), rtol=0, atol=1e-13)
    assert float(basis.sum(0).abs().max()) < 1e-12


@random_problems
def test_the_cross_entropy_of_images(n_classes: int, seed: int) -> None:
    case = Case(n_classes, seed)
    losses, residuals = cross_entropy(n_classes).of_images(case.z(), torch.from_numpy(case.y))
    of_one = np.eye(len(case.y))[:20]
    expected = [case.of_weights(case.v, weights, l2=0) for weights in of_one]
    np.testing.assert_allclose(losses[0, :20], expected, rtol=1e-10)
    moved, h = torch.from_numpy(case.random.normal(size=residuals.shape)), 1e-6
    up, down = (
        cross_entropy(n_classes).of_images(case.z() + step * moved, torch.from_numpy(case.y))[0] for step in (h, -h)
    )
    np.testing.assert_allclose((residuals * moved).sum(1)[0], ((up - down) / (2 * h))[0], atol=1e-7)


@random_problems
def test_a_full_evaluation(n_classes: int, seed: int) -> None:
    case = Case(n_classes, seed)
    check(case, case.v, evaluate(case.problem, case.weights, case.v, torch.float64))


@random_problems
def test_an_evaluation_of_known_logits(n_classes: int, seed: int) -> None:
    case = Case(n_classes, seed)
    check(case, case.v, evaluate_known(case.problem, case.weights, case.v, case.z(), torch.float64).found)


@random_problems
def test_an_evaluation_by_a_change(n_classes: int, seed: int) -> None:
    case = Case(n_classes, seed)
    here = evaluate_known(case.problem, case.weights, case.v, case.z(), torch.float64)
    there = evaluate_change(case.problem, case.weights, here, case.point(0.1), DOUBLE)
    check(case, there.v, there.found)


@random_problems
def test_an_evaluation_of_heads_at_points_of_their_own(n_classes: int, seed: int) -> None:
    case = Case(n_classes, seed)
    points = torch.cat([case.point() for _ in range(len(case.weights))])
    kept = ImageState.empty(case.problem, len(case.weights), torch.float64)
    found = evaluate(case.problem, case.weights, points, torch.float64, kept)
    expected = [case.reference(points[k : k + 1], k) for k in range(len(points))]
    np.testing.assert_allclose(found.loss, expected, rtol=1e-10)


@random_problems
def test_the_mean_losses_of_groups(n_classes: int, seed: int) -> None:
    case = Case(n_classes, seed)
    groups = 2 * case.y + (case.x[:, 0] > 0)
    means = GroupMeans.of(groups, torch.device("cpu"))
    found = evaluate(case.problem, means, case.v, torch.float64)
    expected = [case.of_weights(case.v, (groups == g) / np.sum(groups == g), l2=0) for g in means.ids]
    np.testing.assert_allclose(found.data_loss, expected, rtol=1e-10)


def all_rows(case: Case) -> TrainedHeads:
    return train_heads(case.x, case.y, case.w, L2)


def some_rows(case: Case) -> TrainedHeads:
    start = train_heads(case.x, case.y, np.ones((len(case.y), 1)), L2)
    return train_some_classes(free_rows(case.x, case.y, L2, (start.coef[0], start.intercept[0]), [0]), case.w)


@random_problems
@pytest.mark.parametrize("train", [all_rows, some_rows])
def test_the_loss_that_training_reports(n_classes: int, seed: int, train: Callable[[Case], TrainedHeads]) -> None:
    case = Case(n_classes, seed)
    heads = train(case)
    for k, loss in enumerate(heads.loss):
        expected = weighted_loss(heads.coef[k], heads.intercept[k], case.x, case.y, case.w[:, k], L2)
        assert loss == pytest.approx(expected, rel=1e-10)


@random_problems
def test_the_losses_that_the_worst_group_reports(n_classes: int, seed: int) -> None:
    case = Case(n_classes, seed)
    groups = 2 * case.y + (case.x[:, 0] > 0)
    trained = train_worst_group(case.x, case.y, groups, L2)
    means = [(groups == g) / np.sum(groups == g) for g in trained.groups]
    losses = [weighted_loss(trained.coef, trained.intercept, case.x, case.y, mean, 0) for mean in means]
    np.testing.assert_allclose(trained.group_loss, losses, rtol=1e-10)
    penalised = [weighted_loss(trained.coef, trained.intercept, case.x, case.y, mean, L2) for mean in means]
    assert trained.loss == pytest.approx(max(penalised), rel=1e-10)


def test_a_block_of_low_precision_rounds_and_no_more() -> None:
    case = Case(3, 0)
    single = replace(case.problem, features=case.problem.features.float())
    found = evaluate(single, case.weights, case.v, torch.float32)
    expected = [case.reference(case.v, k) for k in range(len(case.weights))]
    np.testing.assert_allclose(found.loss, expected, rtol=1e-5)
