from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize

from clarify_errors.arrays.common.modeling_errors import BadArray, NotConverged
from clarify_errors.arrays.retraining.weighted_loss import weighted_loss
from clarify_errors.tensors.retraining.frozen_logits import free_rows
from clarify_errors.tensors.retraining.many_heads import TrainedHeads, train_heads, train_some_classes
from tests.modeling.tensors.retraining.problems import problem

L2 = 0.05

Arrays = tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]


@pytest.fixture(params=[3, 7], ids=["three classes", "seven classes"])
def data(request: pytest.FixtureRequest) -> Arrays:
    return problem(n_classes=request.param)


def base(data: Arrays) -> TrainedHeads:
    x, y, _ = data
    return train_heads(x, y, np.ones((len(y), 1)), L2)


def some(data: Arrays, classes: Any, **changes: Any) -> TrainedHeads:
    x, y, weights = data
    head = base(data)
    coef, intercept = changes.pop("coef", head.coef[0]), changes.pop("intercept", head.intercept[0])
    return train_some_classes(free_rows(x, y, L2, (coef, intercept), classes), weights, **changes)


def test_with_every_class_it_is_the_full_solver(data: Arrays) -> None:
    x, y, weights = data
    whole, rows = train_heads(x, y, weights, L2, tolerance=1e-10), some(data, range(y.max() + 1), tolerance=1e-10)
    np.testing.assert_allclose(rows.loss, whole.loss, rtol=1e-9)
    np.testing.assert_allclose(rows.coef, whole.coef, atol=1e-4)
    np.testing.assert_allclose(rows.intercept, whole.intercept, atol=1e-4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_rows_minimise_the_objective_with_the_others_held(data: Arrays, dtype: Any) -> None:
    x, y, weights = data[0].astype(dtype), data[1], data[2]
    head, trained = base((x, y, weights)), some((x, y, weights), [0, 2])

    def whole(v: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        coef, intercept = head.coef[0].copy(), head.intercept[0].copy()
        coef[[0, 2]], intercept[[0, 2]] = v.reshape(2, -1)[:, :-1], v.reshape(2, -1)[:, -1]
        return coef, intercept

    for k in range(weights.shape[1]):
        found = minimize(
            lambda v, k=k: weighted_loss(*whole(v), x, y, weights[:, k], L2), np.zeros(2 * (x.shape[1] + 1)), tol=1e-10
        )
        assert trained.loss[k] == pytest.approx(found.fun, rel=1e-6)
        assert trained.loss[k] - trained.gap[k] <= found.fun + 1e-12
        of_trained = weighted_loss(trained.coef[k], trained.intercept[k], x, y, weights[:, k], L2)
        assert trained.loss[k] == pytest.approx(of_trained, rel=1e-6)


def test_the_other_rows_stay_to_the_bit_and_the_loss_lies_between_the_bases_and_the_optimum(data: Arrays) -> None:
    x, y, weights = data
    head, trained, whole = base(data), some(data, [0]), train_heads(x, y, weights, L2)
    np.testing.assert_array_equal(trained.coef[:, 1:], np.repeat(head.coef[:, 1:], weights.shape[1], axis=0))
    np.testing.assert_array_equal(trained.intercept[:, 1:], np.repeat(head.intercept[:, 1:], weights.shape[1], axis=0))
    for k in range(weights.shape[1]):
        before = weighted_loss(head.coef[0], head.intercept[0], x, y, weights[:, k], L2)
        assert whole.loss[k] - whole.gap[k] <= trained.loss[k] < before


def test_free_rows_give_the_same_as_often_as_they_are_used(data: Arrays, device: str) -> None:
    x, y, weights = data
    head = base(data)
    free = free_rows(x, y, L2, (head.coef[0], head.intercept[0]), [2, 0], device)
    first, again = train_some_classes(free, weights), train_some_classes(free, weights)
    np.testing.assert_array_equal(first.coef, again.coef)


def test_a_head_that_is_optimal_already_stays(data: Arrays) -> None:
    x, y, _ = data
    head = base(data)
    trained = some((x, y, np.ones((len(y), 1))), [1])
    assert trained.loss[0] == pytest.approx(head.loss[0], rel=1e-7)
    np.testing.assert_allclose(trained.coef, head.coef, atol=1e-3)


def test_a_head_comes_out_the_same_alone_and_among_others(data: Arrays) -> None:
    x, y, weights = data
    together = some(data, [2, 0], tolerance=1e-10)
    for k in range(weights.shape[1]):
        alone = some((x, y, weights[:, k : k + 1]), [0, 2], tolerance=1e-10)
        np.testing.assert_allclose(alone.coef[0], together.coef[k], atol=1e-4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": []}, "one or more distinct"),
        ({"classes": [0, 0]}, "one or more distinct"),
        ({"classes": [3]}, r"in \[0, 3\)"),
        ({"classes": [-1]}, r"in \[0, 3\)"),
        ({"coef": np.zeros((3, 5))}, r"coef \(3, 5\) and intercept"),
        ({"intercept": np.zeros(4)}, r"intercept \(4,\)"),
        ({"intercept": np.array([0, np.nan, 0])}, "its row 1 is not"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BadArray, match=message):
        some(problem(n_classes=3), **{"classes": [0], **changes})


def test_labels_that_the_head_does_not_know_and_empty_weights_are_refused() -> None:
    x, y, weights = problem(n_classes=3)
    head = base((x, y, weights))
    with pytest.raises(BadArray, match=r"label 3 of row 4"):
        free_rows(x, np.where(np.arange(len(y)) == 4, 3, y), L2, (head.coef[0], head.intercept[0]), [0])
    with pytest.raises(BadArray, match=r"weights\[:, 1\]"):
        some((x, y, weights * (np.arange(weights.shape[1]) != 1)), [0])


def test_too_few_iterations_are_said_so() -> None:
    with pytest.raises(NotConverged):
        some(problem(n_classes=3), [0], max_iterations=1)
