"""Random slices, trained after the runs that are judged beside them: nobody waits for these."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from annotations.models import Dataset, RandomSlices, Run
from annotations.services.retraining import random_slices
from annotations.services.retraining.random_slices import SliceKey
from annotations.services.retraining.runs import TrainingBatch
from modeling.arrays.common.modeling_errors import ModelingError
from modeling.arrays.retraining import random_slices as drawing
from modeling.arrays.retraining.slices import slice_membership, slice_weights
from worker.common import process_cache
from worker.common.library_versions import library_versions
from worker.common.throttled_log import log_error_throttled
from worker.datasets import head_training
from worker.queue import worker_heartbeat


def train_missing_random_slices() -> int:
    """Train the random slices that runs lack; return how many runs got theirs. Raises OperationalError."""
    return sum(_train_missing(batch) for batch in random_slices.lacking_batches())


def worst_groups(dataset: Dataset, key: SliceKey, l2: float) -> list[float]:
    """Retrain with each random slice of a class; return the worst-group accuracies on test, of `drawing.DRAWS`.

    Raises BadDataset, BadArray, NotConverged.
    """
    reached: list[float] = []
    for weights in _batches(dataset, key):
        heads = head_training.train(dataset, l2, weights)
        reached += [each.metrics.worst_group for each in head_training.measure(dataset, heads)]
        worker_heartbeat.touch()
    return reached


def _train_missing(batch: TrainingBatch) -> int:
    alike: dict[SliceKey, list[Run]] = defaultdict(list)
    for run in random_slices.lacking(batch).defer(*Run.ARRAYS):
        alike[SliceKey.of(run)].append(run)
    try:
        return sum(random_slices.give(runs, _draws(batch, key, runs[0])) for key, runs in alike.items())
    except ModelingError as error:
        log_error_throttled(f"random slices on {batch} are on hold: {error}")
        return 0


def _draws(batch: TrainingBatch, key: SliceKey, run: Run) -> RandomSlices:
    known = random_slices.find(run)
    if known is not None:
        return known
    return random_slices.store(batch, key, worst_groups(batch.dataset, key, batch.l2), library_versions())


def _batches(dataset: Dataset, key: SliceKey) -> Iterator[NDArray[np.float64]]:
    """Yield loss weights, float64[n, K], of as many draws as are trained at once."""
    training = process_cache.training_set(dataset)
    images = dataset.files.array("similarity")[training.rows]
    seed = key.seed(dataset.digest)
    drawn = drawing.random_slices(images, training.labels, key.target_class, key.n_above, seed=seed)
    at_once = head_training.heads_at_once(dataset)
    for first in range(0, len(drawn), at_once):
        weights = [
            slice_weights(training.labels, slice_membership(each, training.labels, key.target_class, 1), key.scheme)
            for each in drawn[first : first + at_once]
        ]
        yield np.stack(weights, axis=1)
