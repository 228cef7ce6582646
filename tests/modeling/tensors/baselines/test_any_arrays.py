"""Arrays as callers have them: memory-mapped (read-only), parts of others (not contiguous), of other types."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.embeddings.standardization import unit_rows
from clarify_errors.tensors.baselines.adapter import train_erm_adapter
from clarify_errors.tensors.baselines.classifiers import LinearClassifier
from clarify_errors.tensors.baselines.contrastive_adapter import train_contrastive_adapter
from clarify_errors.tensors.baselines.dfr import train_dfr
from clarify_errors.tensors.baselines.group_dro_eg import train_group_dro_eg
from clarify_errors.tensors.baselines.grouped import GroupedFeatures, subsampled_rows, upsampled_rows
from clarify_errors.tensors.baselines.probes import train_probe
from clarify_errors.tensors.baselines.released_sgd import EarlyStopping, train_released_sgd
from clarify_errors.tensors.baselines.sgd import SgdSettings

SHORT = SgdSettings(learning_rate=0.01, epochs=2)
CLASSES = unit_rows(np.array([[-1.0, -1.0] + [0.0] * 6, [1.0, 1.0] + [0.0] * 6]))

Method = Callable[[GroupedFeatures, GroupedFeatures, np.random.Generator], Any]  # a classifier
METHODS: dict[str, Method] = {
    "released SGD": lambda train, _, rng: train_released_sgd(train, rng=rng, stopping=EarlyStopping(max_steps=5)),
    "Group DRO": lambda train, validation, rng: train_group_dro_eg(train, validation, rng=rng, settings=SHORT),
    "DFR": lambda train, validation, rng: train_dfr(train, validation, rng=rng, n_models=2),
    "subsampled": lambda train, validation, rng: train_probe(
        train, validation, subsampled_rows, rng=rng, settings=SHORT
    ),
    "upsampled": lambda train, validation, rng: train_probe(train, validation, upsampled_rows, rng=rng, settings=SHORT),
    "ERM adapter": lambda train, validation, rng: train_erm_adapter(
        train, validation, CLASSES, rng=rng, settings=SHORT
    ),
    "Contrastive Adapter": lambda train, validation, rng: train_contrastive_adapter(
        train, validation, CLASSES, rng=rng, settings=SHORT
    ),
}


def awkward(array: np.ndarray[Any, Any], dtype: type) -> np.ndarray[Any, Any]:
    """The same values: every second row of a larger array, read-only."""
    spaced = np.zeros((2 * len(array), *array.shape[1:]), dtype=dtype)
    spaced[::2] = array
    view = spaced[::2]
    view.flags.writeable = False
    return view


def awkward_split(data: GroupedFeatures) -> GroupedFeatures:
    return GroupedFeatures(
        awkward(data.features, np.float32), awkward(data.labels, np.int8), awkward(data.groups, np.int32)
    )


@pytest.mark.parametrize("name", METHODS)
def test_a_method_does_the_same_with_awkward_arrays_and_leaves_them_alone(name: str, unit_splits) -> None:
    train, validation, test = unit_splits
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plain = METHODS[name](train, validation, np.random.default_rng(0))
        from_views = METHODS[name](awkward_split(train), awkward_split(validation), np.random.default_rng(0))
    np.testing.assert_array_equal(plain.predict(test.features), from_views.predict(awkward(test.features, np.float64)))


@pytest.mark.parametrize("name", ["released SGD", "Group DRO", "subsampled", "upsampled"])
def test_a_class_may_be_absent_beside_two_others(name: str, unit_splits) -> None:
    train, validation = (GroupedFeatures(data.features, 2 * data.labels, data.groups) for data in unit_splits[:2])
    classifier = METHODS[name](train, validation, np.random.default_rng(0))
    assert isinstance(classifier, LinearClassifier)
    assert len(classifier.coef) == 3


def test_dfr_says_which_number_of_classes_a_subset_does_not_have(unit_splits) -> None:
    train, validation = (GroupedFeatures(data.features, 2 * data.labels, data.groups) for data in unit_splits[:2])
    with pytest.raises(BadArray, match="lacks one of the 3 classes"):
        METHODS["DFR"](train, validation, np.random.default_rng(0))
