"""What own gain says where the truth is known: 0 of a slice that ignores the labels, not 0 of the true one.

Two classes in two environments as unequal as CelebA's: the second class is rare, and nearly always in one environment.
Gaussian features; accuracies are of many test images, so that a point is a point.
"""

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from clarify_errors.arrays.embeddings.standardization import Standardization
from clarify_errors.arrays.retraining.control import control_weights, own_gain
from clarify_errors.arrays.retraining.group_accuracies import group_metrics
from clarify_errors.arrays.retraining.slices import SCHEMES, slice_membership, slice_weights
from clarify_errors.tensors.retraining.many_heads import train_heads

TRAIN = np.array([[18_000, 16_500], [6_000, 350]])  # images by class and environment
N_TEST = 20_000  # of each group
L2 = 1e-3


def draw(counts: NDArray[np.int64], rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Features of 8 numbers, of which the first goes with the class and the second with the environment; groups."""
    groups = np.repeat(np.arange(4), counts.ravel())
    features = rng.standard_normal((len(groups), 8))
    features[:, 0] += 1.6 * (groups // 2)
    features[:, 1] += 3 * (groups % 2)
    features[:, 0] -= 0.9 * (groups % 2)
    return features.astype(np.float32), groups


@cache
def worst_groups(scheme: str) -> dict[str, float]:
    """Worst-group accuracy of the base, and under a scheme of the control, of a random and of the true slice."""
    rng = np.random.default_rng(14)
    features, groups = draw(TRAIN, rng)
    test, test_groups = draw(np.full((2, 2), N_TEST), rng)
    labels = groups // 2
    standardization = Standardization.fit(features)
    random = (rng.random(len(labels)) < 0.4) & (labels == 1)
    true = (groups == 3) & (labels == 1)
    columns = {
        "base": np.full(len(labels), 1 / len(labels)),
        "control": control_weights(labels, 1, scheme),
        "random": slice_weights(labels, slice_membership(random, labels, 1), scheme),
        "true": slice_weights(labels, slice_membership(true, labels, 1), scheme),
    }
    trained = train_heads(standardization.apply(features), labels, np.stack([*columns.values()], axis=1), L2)
    logits = np.einsum("kcd,nd->knc", trained.coef, standardization.apply(test)) + trained.intercept[:, None]
    counts = TRAIN.ravel()
    measured = (group_metrics(each.argmax(axis=1), test_groups // 2, test_groups, counts) for each in logits)
    return {name: each.worst_group for name, each in zip(columns, measured, strict=True)}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_slice_that_ignores_the_labels_has_no_gain_of_its_own(scheme: str) -> None:
    reached = worst_groups(scheme)
    assert abs(own_gain(reached["random"], reached["control"])) <= 0.01


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_true_slice_has_a_gain_of_its_own(scheme: str) -> None:
    reached = worst_groups(scheme)
    assert own_gain(reached["true"], reached["control"]) > 0.02


@pytest.mark.parametrize("scheme", ["class_equal", "paper"])
def test_a_gain_over_the_base_is_no_sign_of_it(scheme: str) -> None:
    reached = worst_groups(scheme)
    assert reached["random"] - reached["base"] > 0.1
