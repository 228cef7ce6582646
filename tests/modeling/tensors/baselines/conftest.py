"""Features in which a spurious attribute is easier to read than the label, and agrees with it in training."""

from collections.abc import Callable

import numpy as np
import pytest

from clarify_errors.arrays.embeddings.standardization import unit_rows
from clarify_errors.tensors.baselines.grouped import GroupedFeatures

D = 8
Splits = tuple[GroupedFeatures, GroupedFeatures, GroupedFeatures]


def split(counts: tuple[int, int, int, int], seed: int, strength: float = 3.0) -> GroupedFeatures:
    """Images of the groups (0, 0), (0, 1), (1, 0), (1, 1): column 0 tells the label, column 1 the attribute."""
    rng = np.random.default_rng(seed)
    groups = rng.permutation(np.repeat(np.arange(4), counts))
    labels, attributes = groups // 2, groups % 2
    x = rng.normal(scale=0.8, size=(len(groups), D))
    x[:, 0] += 2 * labels - 1
    x[:, 1] += strength * (2 * attributes - 1)
    return GroupedFeatures(x.astype(np.float32), labels, groups)


@pytest.fixture
def splits() -> Splits:
    """Train (spurious), validation and test (balanced)."""
    return split((190, 10, 10, 190), 0), split((40, 40, 40, 40), 1), split((200, 200, 200, 200), 2)


@pytest.fixture
def unit_splits(splits: Splits) -> Splits:
    """The same as unit rows, as an encoder gives them."""
    train, validation, test = (GroupedFeatures(unit_rows(data.features), data.labels, data.groups) for data in splits)
    return train, validation, test


@pytest.fixture
def worst_group(splits: Splits) -> Callable[[GroupedFeatures, object], float]:
    """The worst-group accuracy of a classifier on a split."""

    def measure(data: GroupedFeatures, classifier: object) -> float:
        return data.worst_group_accuracy(classifier.predict(data.features))  # type: ignore[attr-defined]

    return measure
