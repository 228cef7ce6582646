import dataclasses

import numpy as np
import pytest
import torch

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.retraining.slices import uniform_weights
from clarify_errors.tensors.baselines.grouped import GroupedFeatures
from clarify_errors.tensors.baselines.released_sgd import (
    EarlyStopping,
    GroupLoss,
    Keep,
    objective_loss,
    train_released_sgd,
)
from clarify_errors.tensors.baselines.sgd import SgdSettings
from clarify_errors.tensors.retraining.many_heads import train_heads

RATE = SgdSettings(learning_rate=0.1, weight_decay=0.01)
KEPT: tuple[Keep, Keep] = ("best", "last")


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_objectives_are_the_mean_and_the_mean_and_maximum_by_group() -> None:
    p = torch.tensor([0.5, 0.25, 0.125, 0.5], dtype=torch.float64)
    logits = torch.stack([(1 - p).log(), p.log()], dim=1)
    labels, groups = torch.ones(4, dtype=torch.long), torch.tensor([0, 0, 2, 0])  # group 1 has no members
    losses = -p.log()
    of_zero = (losses[0] + losses[1] + losses[3]) / 3
    expected: dict[GroupLoss, torch.Tensor] = {
        "mean": losses.mean(),
        "mean_groups": (of_zero + losses[2]) / 2,
        "max_groups": losses[2],
    }
    for objective, value in expected.items():
        assert float(objective_loss(logits, labels, groups, objective)) == pytest.approx(float(value))


def test_enough_steps_without_stopping_reach_the_certified_head() -> None:
    random = rng()
    x = random.normal(size=(200, 4)).astype(np.float32)
    y = (x[:, 0] + random.normal(size=200) > 0).astype(int)
    stopping = EarlyStopping(max_steps=2000, held_out=0.005, patience=10**9, keep="last")
    sgd = train_released_sgd(GroupedFeatures(x, y, y), rng=rng(5), settings=RATE, stopping=stopping)
    kept = rng(5).permutation(200)[1:]
    heads = train_heads(x[kept], y[kept], uniform_weights(199)[:, None], l2=0.01)
    np.testing.assert_allclose(sgd.coef, heads.coef[0], atol=1e-4)
    np.testing.assert_allclose(sgd.intercept, heads.intercept[0], atol=1e-4)
    assert sgd.details["steps"] == 2000


def test_worst_group_training_lifts_the_worst_group(splits, worst_group) -> None:
    train, _, test = splits
    erm, balanced, worst = (
        train_released_sgd(train, objective=objective, rng=rng(), settings=RATE)
        for objective in ("mean", "mean_groups", "max_groups")
    )
    assert worst_group(test, balanced) > worst_group(test, erm) + 0.2
    assert worst_group(test, worst) > worst_group(test, erm) + 0.2


def test_the_same_seed_gives_the_same_layer_and_another_seed_another(splits) -> None:
    train, _, _ = splits
    first, second, other = (
        train_released_sgd(train, rng=rng(seed), stopping=EarlyStopping(max_steps=20)) for seed in (1, 1, 2)
    )
    assert first.coef.tobytes() == second.coef.tobytes()
    assert np.abs(first.coef - other.coef).max() > 1e-3


def overfitting() -> GroupedFeatures:
    """Noise with random labels: the loss on the images held out soon rises."""
    random = rng(3)
    labels = random.integers(0, 2, 60)
    return GroupedFeatures(random.normal(size=(60, 40)).astype(np.float32), labels, labels)


def test_training_stops_after_more_than_patience_steps_without_improvement() -> None:
    data = overfitting()
    best, last = (
        train_released_sgd(data, rng=rng(), settings=RATE, stopping=EarlyStopping(patience=5, keep=keep))
        for keep in KEPT
    )
    assert best.details["steps"] == last.details["steps"] < 3000
    shorter = EarlyStopping(max_steps=best.details["steps"] - 6, patience=5, keep="last")
    at_best = train_released_sgd(data, rng=rng(), settings=RATE, stopping=shorter)
    np.testing.assert_array_equal(best.coef, at_best.coef)
    assert np.abs(best.coef - last.coef).max() > 1e-4
    assert best.details["held_out_loss"] == last.details["held_out_loss"] == at_best.details["held_out_loss"]


def test_more_classes_than_two_are_learnt() -> None:
    random = rng(4)
    labels = random.integers(0, 3, 150)
    x = random.normal(size=(150, 3), scale=0.3) + np.eye(3)[labels] * 3
    sgd = train_released_sgd(GroupedFeatures(x, labels, labels), objective="max_groups", rng=rng(), settings=RATE)
    assert (sgd.predict(x) == labels).mean() > 0.95
    assert sgd.coef.shape == (3, 3)


def test_what_does_not_fit_is_refused(splits) -> None:
    train, _, _ = splits
    with pytest.raises(BadArray, match="with 400 of 400 images held out, none are left"):
        train_released_sgd(train, rng=rng(), stopping=EarlyStopping(held_out=1))
    with pytest.raises(BadArray, match="training diverged at step"):
        wild = dataclasses.replace(RATE, learning_rate=1e30)
        train_released_sgd(train, rng=rng(), settings=wild, stopping=EarlyStopping(patience=10**9))


def test_an_only_image_of_a_class_that_is_held_out_leaves_one_class() -> None:
    labels, one_step = np.arange(10) // 9, EarlyStopping(max_steps=1)
    data = GroupedFeatures(np.eye(10), labels, labels)
    seeds = [seed for seed in range(20) if 9 in rng(seed).permutation(10)[:2]]
    assert 0 < len(seeds) < 20
    for seed in range(20):
        if seed in seeds:
            with pytest.raises(BadArray, match=r"all labels are of one class \(0\)"):
                train_released_sgd(data, rng=rng(seed), stopping=one_step)
        else:
            train_released_sgd(data, rng=rng(seed), stopping=one_step)


def test_a_classifier_refuses_features_of_another_width(splits) -> None:
    train, _, _ = splits
    sgd = train_released_sgd(train, rng=rng(), stopping=EarlyStopping(max_steps=2))
    with pytest.raises(BadArray, match="do not have the 8 dimensions"):
        sgd.predict(train.features[:, :3])
    with pytest.raises(BadArray, match="row 1 of features is not finite"):
        sgd.predict(np.where(np.arange(len(train))[:, None] == 1, np.nan, train.features))
