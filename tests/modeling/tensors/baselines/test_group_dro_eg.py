from typing import Any

import numpy as np
import pytest
import torch

from modeling.arrays.common.modeling_errors import BadArray
from modeling.tensors.baselines.group_dro_eg import (
    GroupDroSettings,
    exponentiated_gradient,
    robust_loss,
    train_group_dro_eg,
)
from modeling.tensors.baselines.grouped import GroupedFeatures
from modeling.tensors.baselines.sgd import SgdSettings

FAST = SgdSettings(learning_rate=0.01, weight_decay=1e-4, epochs=20)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_published_update_of_the_groups_weights() -> None:
    losses = torch.tensor([0.2, 1.0, 0.5, 0.1], dtype=torch.float64)
    q = exponentiated_gradient(torch.full((4,), 0.25, dtype=torch.float64), losses, 0.01)
    np.testing.assert_allclose(q.numpy(), [0.249374, 0.251377, 0.250124, 0.249125], atol=5e-7)
    assert float(robust_loss(q, losses)) == pytest.approx(0.451226, abs=5e-7)


def test_one_step_on_one_batch_is_the_step_written_out() -> None:
    """Two images, one each of two groups; the layer starts where rng puts it."""
    x, y = np.array([[1.0, 2.0], [3.0, -1.0]], dtype=np.float32), np.array([0, 1])
    data = GroupedFeatures(x, y, y)
    settings = SgdSettings(learning_rate=0.5, weight_decay=0.1, epochs=1)
    dro = train_group_dro_eg(
        data, data, rng=rng(7), settings=settings, dro=GroupDroSettings(2.0, reweight_groups=False)
    )
    again = rng(7)
    weight = again.uniform(-1 / 2**0.5, 1 / 2**0.5, (2, 2)).astype(np.float32)
    bias = again.uniform(-1 / 2**0.5, 1 / 2**0.5, 2).astype(np.float32)
    logits = x @ weight.T + bias
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    losses = -np.log(p[[0, 1], y])
    q = np.exp(2.0 * losses) / np.exp(2.0 * losses).sum()
    residuals = q[:, None] * (p - np.eye(2))
    np.testing.assert_allclose(dro.coef, weight - 0.5 * (residuals.T @ x + 0.1 * weight), atol=1e-6)
    np.testing.assert_allclose(dro.intercept, bias - 0.5 * (residuals.sum(0) + 0.1 * bias), atol=1e-6)
    np.testing.assert_allclose(dro.group_weights, q, atol=1e-6)


def test_moving_weights_lift_the_worst_group(splits, worst_group) -> None:
    train, validation, test = splits
    moving, still = (
        train_group_dro_eg(
            train, validation, rng=rng(), settings=FAST, dro=GroupDroSettings(step_size, reweight_groups=False)
        )
        for step_size in (1.0, 0.0)
    )
    assert worst_group(test, moving) > worst_group(test, still) + 0.05
    assert moving.group_weights.sum() == pytest.approx(1)
    np.testing.assert_array_equal(still.group_weights, 0.25)


def test_reweighted_batches_hold_the_groups_alike(splits) -> None:
    """Then minority groups, whose loss stays higher, end with more weight at the published step size."""
    train, validation, _ = splits
    dro = train_group_dro_eg(train, validation, rng=rng(), settings=FAST)
    assert dro.group_weights[[1, 2]].sum() > dro.group_weights[[0, 3]].sum()


def test_the_epoch_kept_is_the_best_on_validation(splits, worst_group) -> None:
    train, validation, _ = splits
    dro = train_group_dro_eg(train, validation, rng=rng(), settings=FAST)
    assert worst_group(validation, dro) == pytest.approx(dro.best.worst_group)
    assert 1 <= dro.best.epoch <= 20


def test_the_adjustment_gives_small_groups_more_weight(splits) -> None:
    train, validation, _ = splits
    plain, adjusted = (
        train_group_dro_eg(train, validation, rng=rng(), settings=FAST, dro=GroupDroSettings(adjustment=adjustment))
        for adjustment in (0.0, 5.0)
    )
    assert adjusted.group_weights[[1, 2]].sum() > plain.group_weights[[1, 2]].sum()


def test_a_group_without_training_images_gets_no_weight(splits) -> None:
    train, validation, _ = splits
    dro = train_group_dro_eg(train.take(np.flatnonzero(train.groups != 1)), validation, rng=rng(), settings=FAST)
    assert dro.group_weights[1] == 0
    assert dro.group_weights.sum() == pytest.approx(1)


def test_the_same_seed_gives_the_same_layer_and_another_seed_another(splits) -> None:
    train, validation, _ = splits
    first, second, other = (train_group_dro_eg(train, validation, rng=rng(seed), settings=FAST) for seed in (1, 1, 2))
    assert first.coef.tobytes() == second.coef.tobytes()
    assert first.coef.tobytes() != other.coef.tobytes()


@pytest.mark.parametrize("options", [{"step_size": -1.0}, {"step_size": float("nan")}, {"adjustment": -1.0}])
def test_numbers_that_move_the_weights_the_other_way_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(BadArray, match=r"(step size|adjustment) of the groups' weights must be finite and ≥ 0"):
        GroupDroSettings(**options)


def test_training_that_diverges_is_an_error(splits) -> None:
    train, validation, _ = splits
    wild = SgdSettings(learning_rate=1e30, epochs=2)
    with pytest.raises(BadArray, match="diverged"):
        train_group_dro_eg(train, validation, rng=rng(), settings=wild)
