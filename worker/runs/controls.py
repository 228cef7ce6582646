"""Controls, trained beside the first runs that need them."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from annotations.models import Control, Dataset
from annotations.runs import controls
from annotations.runs.controls import ControlKey
from annotations.runs.retraining import RetrainedHead, TrainingBatch
from clarify_errors.arrays.retraining.control import control_weights
from worker.common import process_cache
from worker.datasets import head_training


def train_beside(
    batch: TrainingBatch, weights: Sequence[NDArray[np.float64]], keys: Collection[ControlKey]
) -> tuple[list[RetrainedHead], dict[ControlKey, Control]]:
    """Train a head for each of some loss weights, float64[n], and in the same batch the controls that are missing.

    Stores the controls and returns the heads, and all controls of the keys. Raises BadDataset, BadArray, NotConverged.
    """
    known = controls.stored(batch, keys)
    missing = sorted(set(keys) - known.keys())  # sorted: two workers store in one order
    columns = [*weights, *(weights_of(batch.dataset, key) for key in missing)]
    heads = head_training.train_and_measure(batch, columns) if columns else []
    for key, head in zip(missing, heads[len(weights) :], strict=True):
        known[key] = controls.store(batch, key, head)
    return heads[: len(weights)], known


def weights_of(dataset: Dataset, key: ControlKey) -> NDArray[np.float64]:
    """Return the loss weights of a control, float64[n]. Raises BadDataset, BadArray."""
    return control_weights(process_cache.training_set(dataset).labels, key.target_classes, key.scheme)
