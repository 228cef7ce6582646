"""Heads whose weights differ from class-balanced ones in few images are evaluated from what is known of these."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from clarify_errors.arrays.common.steps import after_each_step
from clarify_errors.arrays.retraining.slices import SCHEMES, slice_membership, slice_weights
from clarify_errors.tensors.retraining import balanced_point
from clarify_errors.tensors.retraining.balanced_point import BalancedPoint
from clarify_errors.tensors.retraining.loss_weights import HeadWeights
from clarify_errors.tensors.retraining.many_heads import TrainedHeads, train_heads
from clarify_errors.tensors.retraining.objective import ImageState, evaluate
from clarify_errors.tensors.retraining.problem import Problem
from clarify_errors.tensors.retraining.warm_start import prepare_start

N, D, C, L2 = 1_200, 8, 12, 0.05


@pytest.fixture(scope="module")
def data() -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
    """Features, labels, and the images that an annotation of class 3 selects."""
    rng = np.random.default_rng(0)
    y = rng.permutation(np.arange(N) % C)
    x = rng.normal(size=(C, D))[y] + rng.normal(size=(N, D))
    return (x - x.mean(0)) / x.std(0), y, (rng.random(N) < 0.2) & (y == 3)


def weights_by(scheme: str, y: NDArray[np.int64], members: NDArray[np.bool_]) -> NDArray[np.float64]:
    return slice_weights(y, slice_membership(members, y, 3), scheme)[:, None]


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_an_annotation_of_one_class_is_evaluated_as_by_all_images(
    scheme: str, data: tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]
) -> None:
    x, y, members = data
    problem = Problem.of(x, y, L2, C, "cpu")
    weights = HeadWeights.of(torch.from_numpy(weights_by(scheme, y, members)), torch.float64)
    v = torch.from_numpy(np.random.default_rng(1).normal(size=(C - 1, D + 1)))
    z = (v[:, :-1] @ torch.from_numpy(x).T + v[:, -1:])[None]
    kept, expected_kept = (ImageState.empty(problem, 1, torch.float64) for _ in range(2))
    expected = evaluate(problem, weights, v[None], torch.float64, expected_kept)
    found = BalancedPoint(problem, v, z).with_weights(weights, kept)
    assert found is not None
    for name in ("data_loss", "loss", "gradient"):
        torch.testing.assert_close(getattr(found, name), getattr(expected, name), rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(kept.z, expected_kept.z)
    torch.testing.assert_close(kept.residuals, expected_kept.residuals)


def test_weights_that_differ_in_many_images_are_not_evaluated_so() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(N, D)), rng.integers(C, size=N)
    problem = Problem.of(x, y, L2, C, "cpu")
    weights = HeadWeights.of(torch.from_numpy(rng.random((N, 2))), torch.float64)
    z = torch.zeros(1, C - 1, N, dtype=torch.float64)
    kept = ImageState.empty(problem, 2, torch.float64)
    assert BalancedPoint(problem, torch.zeros(C - 1, D + 1).double(), z).with_weights(weights, kept) is None


@contextmanager
def passes() -> Iterator[list[None]]:
    """An entry for each block of images of each pass."""
    done: list[None] = []
    with after_each_step(lambda: done.append(None)):
        yield done


def test_a_head_from_a_start_that_knows_it_needs_no_pass_there_and_ends_where_others_do(
    data: tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]], monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y, members = data[0].astype(np.float32), *data[1:]
    weights, start = weights_by("class_equal", y, members), prepare_start(x, y, L2)

    def trained() -> tuple[TrainedHeads, int]:
        with passes() as done:
            return train_heads(x, y, weights, L2, start=start), len(done)

    trained()  # what is kept is made
    known, few = trained()
    with monkeypatch.context() as patch:
        patch.setattr(balanced_point, "MANY_COLUMNS", C)
        others, more = trained()
    assert few < more
    np.testing.assert_allclose(known.loss, others.loss, rtol=1e-7)
    swapped = np.where(y < 2, 1 - y, y)  # the same features with other labels
    np.testing.assert_allclose(
        train_heads(x, swapped, weights, L2, start=start).loss,
        train_heads(x.copy(), swapped, weights, L2).loss,
        rtol=1e-7,
    )
