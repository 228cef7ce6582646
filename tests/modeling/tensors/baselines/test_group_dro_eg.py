import numpy as np
import pytest
import torch

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.tensors.baselines.group_dro_eg import (
    exponentiated_gradient,
    robust_loss,
    train_group_dro_eg,
)
from clarify_errors.tensors.baselines.grouped import GroupedFeatures
from clarify_errors.tensors.baselines.probes import train_probe
from clarify_errors.tensors.baselines.sgd import SgdSettings, group_means

FAST = SgdSettings(learning_rate=0.01, weight_decay=1e-4, epochs=20)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_published_update_of_the_groups_weights() -> None:
    losses = torch.tensor([0.2, 1.0, 0.5, 0.1], dtype=torch.float64)
    q = exponentiated_gradient(torch.full((4,), 0.25, dtype=torch.float64), losses, 0.01)
    np.testing.assert_allclose(q.numpy(), [0.249374, 0.251377, 0.250124, 0.249125], atol=5e-7)
    assert float(robust_loss(q, losses)) == pytest.approx(0.451226, abs=5e-7)


def test_means_of_groups_are_those_of_index_add_to_the_bit_with_their_gradients() -> None:
    generator = torch.Generator().manual_seed(0)
    values, groups = torch.randn(2_000, generator=generator), torch.randint(0, 5, (2_000,), generator=generator)
    sums = torch.zeros(7).index_add(0, groups, values)
    means, has_members = group_means(values.requires_grad_(), groups, 7)
    assert torch.equal(means, sums / torch.bincount(groups, minlength=7).clamp(min=1))
    assert has_members.tolist() == [True] * 5 + [False] * 2
    means.sum().backward()
    assert values.grad is not None and torch.equal(values.grad, (1 / torch.bincount(groups))[groups])


def drawn_after_the_layer(seed: int) -> list[int]:
    """The images of the first batch, where the layer has two classes and two features."""
    random = rng(seed)
    for shape in ((2, 2), (2,)):
        random.uniform(size=shape)
    return [int(each) for each in random.choice(2, 2, p=[0.5, 0.5])]


def test_one_step_on_one_batch_is_the_step_written_out() -> None:
    """Two images, one each of two groups; the layer starts where rng puts it."""
    x, y = np.array([[1.0, 2.0], [3.0, -1.0]], dtype=np.float32), np.array([0, 1])
    data = GroupedFeatures(x, y, y)
    settings = SgdSettings(learning_rate=0.5, weight_decay=0.1, epochs=1)
    seed = next(each for each in range(20) if sorted(drawn_after_the_layer(each)) == [0, 1])
    dro = train_group_dro_eg(data, data, rng=rng(seed), settings=settings, step_size=2.0)
    again = rng(seed)
    weight = again.uniform(-1 / 2**0.5, 1 / 2**0.5, (2, 2)).astype(np.float32)
    bias = again.uniform(-1 / 2**0.5, 1 / 2**0.5, 2).astype(np.float32)
    logits = x @ weight.T + bias
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    losses = -np.log(p[[0, 1], y])
    q = np.exp(2.0 * losses) / np.exp(2.0 * losses).sum()
    residuals = q[:, None] * (p - np.eye(2))
    np.testing.assert_allclose(dro.coef, weight - 0.5 * (residuals.T @ x + 0.1 * weight), atol=1e-6)
    np.testing.assert_allclose(dro.intercept, bias - 0.5 * (residuals.sum(0) + 0.1 * bias), atol=1e-6)
    np.testing.assert_allclose(dro.details["group_weights"], q, atol=1e-6)


def test_it_lifts_the_worst_group_over_training_that_knows_no_groups(splits, worst_group) -> None:
    train, validation, test = splits
    robust = train_group_dro_eg(train, validation, rng=rng(), settings=FAST)
    plain = train_probe(train, validation, lambda groups, _: np.arange(len(groups)), rng=rng(), settings=FAST)
    assert worst_group(test, robust) > worst_group(test, plain) + 0.05
    assert sum(robust.details["group_weights"]) == pytest.approx(1)


def test_a_step_size_of_nothing_leaves_the_weights_alike(splits) -> None:
    train, validation, _ = splits
    still = train_group_dro_eg(train, validation, rng=rng(), settings=FAST, step_size=0.0)
    assert still.details["group_weights"] == [0.25] * 4


def test_reweighted_batches_hold_the_groups_alike(splits) -> None:
    """Then minority groups, whose loss stays higher, end with more weight at the published step size."""
    train, validation, _ = splits
    dro = train_group_dro_eg(train, validation, rng=rng(), settings=FAST)
    q = np.array(dro.details["group_weights"])
    assert q[[1, 2]].sum() > q[[0, 3]].sum()


def test_the_epoch_kept_is_the_best_on_validation(splits, worst_group) -> None:
    train, validation, _ = splits
    dro = train_group_dro_eg(train, validation, rng=rng(), settings=FAST)
    assert worst_group(validation, dro) == pytest.approx(dro.details["best"]["worst_group"])
    assert 1 <= dro.details["best"]["epoch"] <= 20


def test_a_group_without_training_images_gets_no_weight(splits) -> None:
    train, validation, _ = splits
    dro = train_group_dro_eg(train.take(np.flatnonzero(train.groups != 1)), validation, rng=rng(), settings=FAST)
    assert dro.details["group_weights"][1] == 0
    assert sum(dro.details["group_weights"]) == pytest.approx(1)


def test_the_same_seed_gives_the_same_layer_and_another_seed_another(splits, device: str) -> None:
    train, validation, _ = splits
    first, second, other = (
        train_group_dro_eg(train, validation, rng=rng(seed), settings=FAST, device=device) for seed in (1, 1, 2)
    )
    assert first.coef.tobytes() == second.coef.tobytes()
    assert first.coef.tobytes() != other.coef.tobytes()


def test_training_that_diverges_is_an_error(splits) -> None:
    train, validation, _ = splits
    wild = SgdSettings(learning_rate=1e30, epochs=2)
    with pytest.raises(BadArray, match="diverged"):
        train_group_dro_eg(train, validation, rng=rng(), settings=wild)
