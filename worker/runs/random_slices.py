"""Random slices, trained after the runs that are judged beside them, one set of draws at a time."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from annotations.datasets.class_images import class_images
from annotations.models import BaseModel, Dataset, RandomSlices, Run
from annotations.queue import worker_wakeup
from annotations.runs import random_slices
from annotations.runs.random_slices import SliceKey
from annotations.runs.retraining import TrainingBatch
from clarify_errors.arrays.common.batches import batched
from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.datasets.dataset_files import BadDataset
from clarify_errors.arrays.phrases.error_score import error_scores
from clarify_errors.arrays.retraining import random_slices as drawing
from clarify_errors.arrays.retraining.slices import slice_membership, slice_weights
from worker.common import process_cache
from worker.common.library_versions import library_versions
from worker.common.throttled_log import log_error_throttled
from worker.datasets import head_training
from worker.queue import worker_heartbeat

failed: set[tuple[TrainingBatch, SliceKey]] = set()  # what this process does not try again


def train_missing_random_slices() -> int:
    """Train one set of draws that runs lack, and ask for another turn, behind whatever waits by then.

    Returns how many runs got theirs. Draws that cannot be trained are passed over until this process ends; those of
    files that are away wait for them. Raises OperationalError.
    """
    for batch in random_slices.lacking_batches():
        for key, runs in _alike(batch).items():
            draws = _draws(batch, key, runs)
            if draws is not None:
                n_given = random_slices.give(runs, draws)
                worker_wakeup.send(worker_wakeup.TRAIN_RUNS)
                return n_given
    return 0


def worst_groups(batch: TrainingBatch, key: SliceKey) -> list[float]:
    """Retrain with each random slice of a class; return the worst-group accuracies on test, of `drawing.DRAWS`.

    Raises BadDataset, BadArray, NotConverged.
    """
    reached: list[float] = []
    dataset = batch.dataset
    labels, drawn = process_cache.training_set(dataset).labels, cuts(dataset, key)
    for some in batched(drawn, head_training.heads_at_once(dataset, len(batch.rows))):
        members = (slice_membership(above, labels, key.target_class, 1) for above in some)
        weights = [slice_weights(labels, each, key.scheme) for each in members]
        reached += [each.metrics.worst_group for each in head_training.train_and_measure(batch, weights)]
        worker_heartbeat.touch()
    return reached


def scores(base_model: BaseModel, key: SliceKey) -> list[float]:
    """Return the error score of each random direction on the class's validation images, of `drawing.DRAWS`.

    Raises BadDataset, BadArray, and NothingToSeparate where no image of them is right, or none wrong.
    """
    dataset, images = base_model.dataset, class_images(base_model, key.target_class)
    embedded = dataset.files.array("similarity")[images.rows]
    directions = drawing.random_directions(embedded.shape[1], seed=key.seed(dataset.digest))
    scored: list[float] = error_scores((embedded @ directions).T, images.is_error).value.tolist()
    return scored


def cuts(dataset: Dataset, key: SliceKey, draws: int = drawing.DRAWS) -> Iterator[NDArray[np.bool_]]:
    """Yield the random slices of a class, each bool[n] of all n training images. Raises BadDataset, BadArray."""
    training = process_cache.training_set(dataset)
    of_class = np.flatnonzero(training.labels == key.target_class)
    images = dataset.files.array("similarity")[training.rows[of_class]]
    labels, seed = training.labels[of_class], key.seed(dataset.digest)
    for above in drawing.random_slices(images, labels, key.target_class, key.n_above, draws, seed):
        members = np.zeros(len(training.labels), np.bool_)
        members[of_class[above]] = True
        yield members


def _alike(batch: TrainingBatch) -> dict[SliceKey, list[Run]]:
    alike: dict[SliceKey, list[Run]] = defaultdict(list)
    for run in random_slices.lacking(batch):
        alike[SliceKey.of(run)].append(run)
    return alike


def _draws(batch: TrainingBatch, key: SliceKey, runs: Sequence[Run]) -> RandomSlices | None:
    """Return the draws of a key with their scores, computed now if need be; None where they cannot be: see the log."""
    if (batch, key) in failed:
        return None
    try:
        draws = random_slices.find(runs[0])
        if draws is None:
            draws = random_slices.store(batch, key, worst_groups(batch, key), library_versions())
        for base_model in BaseModel.objects.filter(pk__in={run.base_model_id for run in runs}):
            random_slices.store_scores(draws, base_model, scores(base_model, key))
    except ModelingError as error:
        if not isinstance(error, BadDataset):
            failed.add((batch, key))
        log_error_throttled(f"random slices on {batch} are on hold: {error}")
        return None
    return draws
