"""The ERM adapter and the Contrastive Adapter."""

import dataclasses

import numpy as np
import pytest
import torch

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.embeddings.standardization import unit_rows
from clarify_errors.arrays.embeddings.zero_shot import ZeroShot
from clarify_errors.tensors.baselines.adapter import Adapter, AdapterClassifier, train_erm_adapter
from clarify_errors.tensors.baselines.contrastive_adapter import (
    ContrastiveSettings,
    _HardSamples,
    contrastive_losses,
    train_contrastive_adapter,
)
from clarify_errors.tensors.baselines.grouped import GroupedFeatures
from clarify_errors.tensors.baselines.sgd import SgdSettings

FAST = SgdSettings(learning_rate=1e-3, epochs=60)
SMALL = ContrastiveSettings(positives=32, negatives=32, neighbours=100, cell_size=200)
# Prompts that look at the attribute more than at the label, as zero-shot CLIP does on Waterbirds
CLASSES = unit_rows(np.array([[-1.0, -1.0] + [0.0] * 6, [1.0, 1.0] + [0.0] * 6]))
METHODS = {
    "erm": lambda *arguments, **options: train_erm_adapter(*arguments, **options),
    "contrastive": lambda *arguments, **options: train_contrastive_adapter(*arguments, contrastive=SMALL, **options),
}


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_contrastive_loss_of_one_anchor_written_out() -> None:
    s = np.array([0.9, 0.2, 0.5, -0.3])
    positive, negative = np.array([True, True, False, False]), np.array([False, False, True, True])
    e = np.exp(s / 0.5)
    expected = -np.mean([np.log(e[p] / (e[p] + e[2] + e[3])) for p in (0, 1)])
    as_tensors = [torch.from_numpy(a)[None] for a in (s, positive, negative)]
    losses = contrastive_losses(as_tensors[0], as_tensors[1], as_tensors[2], temperature=0.5)
    assert losses.tolist() == pytest.approx([expected])


def test_an_anchor_without_negatives_has_no_loss_and_no_gradient() -> None:
    s = torch.tensor([[0.9, 0.2]], requires_grad=True)
    loss = contrastive_losses(s, torch.tensor([[True, False]]), torch.zeros(1, 2, dtype=torch.bool), 0.1).sum()
    loss.backward()
    assert loss.item() == 0
    assert s.grad is not None
    assert s.grad.tolist() == [[0, 0]]


def test_hard_samples_are_wrong_anchors_right_positives_and_near_negatives_of_other_classes(unit_splits) -> None:
    train, _, _ = unit_splits
    predictions = ZeroShot(CLASSES, np.arange(2)).predict(train.features)
    samples = _HardSamples(train, predictions, SMALL, rng(), "cpu")
    updates = list(samples.updates())
    wrong = predictions != train.labels
    anchors = np.concatenate([update.rows[update.anchors].numpy() for update in updates])
    assert sorted(anchors) == np.flatnonzero(wrong).tolist()
    for update in updates:
        rows = update.rows.numpy()
        for a, positive, negative in zip(
            rows[update.anchors.numpy()], update.positive.numpy(), update.negative.numpy(), strict=True
        ):
            assert (train.labels[rows[positive]] == train.labels[a]).all()
            assert not wrong[rows[positive]].any()
            assert positive.sum() == 32
            assert (train.labels[rows[negative]] != train.labels[a]).all()
            nearest = np.argsort(-(train.features @ train.features[a]))[: 100 + 1]
            assert set(rows[negative]) <= set(nearest)


def test_cells_of_class_and_zero_shot_prediction_have_one_size(unit_splits) -> None:
    train, _, _ = unit_splits
    predictions = ZeroShot(CLASSES, np.arange(2)).predict(train.features)
    rows = _HardSamples(train, predictions, SMALL, rng(), "cpu").balanced_rows()
    assert np.bincount(train.labels[rows] * 2 + predictions[rows]).tolist() == [200] * 4


def test_a_share_of_the_anchors_is_visited(unit_splits) -> None:
    train, _, _ = unit_splits
    predictions = ZeroShot(CLASSES, np.arange(2)).predict(train.features)
    settings = dataclasses.replace(SMALL, anchor_share=0.5, anchors_per_update=4)
    updates = list(_HardSamples(train, predictions, settings, rng(), "cpu").updates())
    n_anchors = sum(len(update.anchors) for update in updates)
    assert n_anchors == round(0.5 * (predictions != train.labels).sum())
    assert len(updates) == -(-n_anchors // 4)


def test_a_trained_adapter_predicts_as_it_did_in_float32(unit_splits) -> None:
    train, _, test = unit_splits
    adapter = Adapter(CLASSES, rng(), "cpu")
    for _ in range(5):  # running statistics that are not the initial ones
        adapter(torch.from_numpy(train.features))
    adapter.eval()
    with torch.inference_mode():
        logits = adapter(torch.from_numpy(test.features))
    assert (AdapterClassifier.of(adapter, {}).predict(test.features) == logits.argmax(1).numpy()).mean() > 0.998


@pytest.mark.parametrize("name", METHODS)
def test_an_adapter_learns_and_keeps_its_best_epoch(name: str, unit_splits, worst_group) -> None:
    train, balanced, test = unit_splits
    adapter = METHODS[name](balanced, train, CLASSES, rng=rng(), settings=FAST)
    assert worst_group(train, adapter) == pytest.approx(adapter.details["best"]["worst_group"])
    assert worst_group(test, adapter) > worst_group(test, ZeroShot(CLASSES, np.arange(2))) + 0.2


def test_contrastive_training_lifts_the_worst_group_over_cross_entropy(unit_splits, worst_group) -> None:
    train, validation, test = unit_splits
    erm, contrastive = (METHODS[name](train, validation, CLASSES, rng=rng(), settings=FAST) for name in METHODS)
    zero_shot = ZeroShot(CLASSES, np.arange(2))
    assert worst_group(test, contrastive) > worst_group(test, erm) + 0.1
    assert worst_group(test, contrastive) > worst_group(test, zero_shot) + 0.1


@pytest.mark.parametrize("name", METHODS)
def test_the_same_seed_gives_the_same_adapter_and_another_seed_another(name: str, unit_splits) -> None:
    train, validation, _ = unit_splits
    settings = SgdSettings(epochs=2)
    first, second, other = (
        METHODS[name](train, validation, CLASSES, rng=rng(seed), settings=settings) for seed in (1, 1, 2)
    )
    weights = [each.adapter.up.weight for each in (first, second, other)]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


def test_without_hard_images_cross_entropy_is_left(unit_splits) -> None:
    train, validation, _ = unit_splits
    easy = train.take(np.flatnonzero(ZeroShot(CLASSES, np.arange(2)).predict(train.features) == train.labels))
    adapter = train_contrastive_adapter(
        easy, validation, CLASSES, rng=rng(), settings=SgdSettings(epochs=4), contrastive=SMALL
    )
    assert adapter.details["best"]["epoch"] in range(1, 5)


@pytest.mark.parametrize("name", METHODS)
def test_what_does_not_fit_is_refused(name: str, unit_splits) -> None:
    train, validation, _ = unit_splits
    with pytest.raises(BadArray, match="must be in the same space"):
        METHODS[name](train, validation, CLASSES[:, :3], rng=rng())
    with pytest.raises(BadArray, match="1 class embeddings for 2 classes"):
        METHODS[name](train, validation, CLASSES[:1], rng=rng())
    with pytest.raises(BadArray, match="all labels are of one class"):
        METHODS[name](train.take(np.array([0])), train.take(np.array([0])), CLASSES, rng=rng())
    with pytest.raises(BadArray, match="class embedding 0 does not have length 1"):
        METHODS[name](train, validation, 2 * CLASSES, rng=rng())
    zeroed = GroupedFeatures(train.features * (np.arange(len(train)) != 3)[:, None], train.labels, train.groups)
    with pytest.raises(BadArray, match="training image 3 does not have length 1"):
        METHODS[name](zeroed, validation, CLASSES, rng=rng())
    with pytest.raises(BadArray, match="validation image 3 does not have length 1"):
        METHODS[name](train, zeroed, CLASSES, rng=rng())


def test_training_that_diverges_is_an_error(unit_splits) -> None:
    train, validation, _ = unit_splits
    with pytest.raises(BadArray, match="diverged"):
        train_erm_adapter(train, validation, CLASSES, rng=rng(), settings=SgdSettings(learning_rate=1e36, epochs=2))
