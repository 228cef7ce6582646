"""Retraining in batches: due runs in, heads and their test metrics out.

The rules are in annotations.services.retraining.runs.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from annotations.models import Dataset, Run
from annotations.services.datasets.base_models import test_group_metrics
from annotations.services.retraining import runs
from annotations.services.retraining.runs import TrainedRun, TrainingBatch
from modeling.arrays.common.modeling_errors import SliceTooSmall
from modeling.arrays.datasets.dataset_files import BadDataset, Split
from modeling.arrays.retraining.group_accuracies import GroupMetrics
from modeling.arrays.retraining.heads import Head
from modeling.arrays.retraining.slices import annotated_members, slice_membership, slice_weights
from modeling.tensors.retraining import train_heads
from worker.common import process_cache
from worker.common.library_versions import library_versions
from worker.common.throttled_log import log_error_throttled
from worker.queue.drain import drain

NO_FEATURES = "the data set has no classifier features, so nothing can be retrained on it"

MAX_AT_ONCE = 256
_WORK_AT_ONCE = 1e10  # product of images, features, classes and heads: some seconds on one core


@dataclass(frozen=True)
class Weighed:
    """An annotation as training takes it: loss weights of the training images, float64[n], and its slices' sizes."""

    weights: NDArray[np.float64]
    n_above: int
    n_below: int


@dataclass(frozen=True)
class TrainedHead:
    """A head with its predictions, int64[n_test], and metrics on test; loss and certified gap of its objective."""

    head: Head
    test_predictions: NDArray[np.int64]
    metrics: GroupMetrics
    loss: float
    certified_gap: float


def train_due_runs() -> int:
    """Train every due run; returns how many were done or refused. Raises OperationalError.

    Runs on a data set whose files are missing wait: that is nobody's attempt.
    """
    runs.fail_exhausted_runs()
    return sum(_train_due(batch) for batch in runs.due_batches())


def heads_at_once(dataset: Dataset) -> int:
    """How many heads make a batch that does not keep others waiting, from 1 to MAX_AT_ONCE. Raises BadDataset."""
    files = dataset.files
    entry = files.manifest.arrays.get("features")
    if entry is None:
        return MAX_AT_ONCE  # all are refused
    work = len(files.rows(Split.TRAIN)) * entry.dim * len(files.class_names)
    return int(np.clip(_WORK_AT_ONCE // max(work, 1), 1, MAX_AT_ONCE))


def train_batch(batch: TrainingBatch, ids: Collection[int]) -> list[int]:
    """Train those of a batch's claimed runs that are still due, all at once; returns their ids. All or none."""
    with transaction.atomic():
        due = runs.lock_runs(ids)
        if "features" not in batch.dataset.files.manifest.arrays:
            for run in due:
                runs.refuse_run(run, NO_FEATURES)
        else:
            _train(batch, due)
    return [run.pk for run in due]


def weigh(run: Run) -> Weighed:
    """Split the training images by a run's annotation and weigh them. Raises SliceTooSmall, BadDataset, BadArray."""
    assert run.threshold is not None, "a run without a threshold is refused when it is planned"
    dataset, embedding = run.base_model.dataset, runs.text_embedding(run)
    training = process_cache.training_set(dataset)
    members = annotated_members(
        dataset.files.array("similarity"),
        training.rows,
        training.labels,
        embedding,
        sign=run.sign,
        target_class=run.target_class,
        threshold=run.threshold,
    )
    slices = slice_membership(members, training.labels, run.target_class, run.min_slice_size)
    n_above, n_class = int(members.sum()), int((training.labels == run.target_class).sum())
    return Weighed(slice_weights(training.labels, slices, run.scheme), n_above, n_class - n_above)


def train(batch: TrainingBatch, weighed: Sequence[Weighed]) -> list[TrainedHead]:
    """Train one head for each, all at once. Raises BadDataset, BadArray, NotConverged."""
    dataset = batch.dataset
    training = process_cache.training_set(dataset)
    trained = train_heads(
        training.features,
        training.labels,
        np.stack([each.weights for each in weighed], axis=1),
        batch.l2,
        len(dataset.class_names),
        start=process_cache.shared_start(dataset, batch.l2),
        device=process_cache.device(),
    )
    test_features = dataset.files.array("features")[dataset.files.rows(Split.TEST)]
    heads = [
        Head.of(coef, intercept, training.standardization, dataset.class_names)
        for coef, intercept in zip(trained.coef, trained.intercept, strict=True)
    ]
    predictions = [head.predict(test_features) for head in heads]
    return [
        TrainedHead(head, predicted, test_group_metrics(dataset, predicted), float(loss), float(gap))
        for head, predicted, loss, gap in zip(heads, predictions, trained.loss, trained.gap, strict=True)
    ]


def _train_due(batch: TrainingBatch) -> int:
    try:
        limit = heads_at_once(batch.dataset)
    except BadDataset as error:
        log_error_throttled(f"runs on {batch} wait: {error}")
        return 0
    return drain(partial(runs.claim_runs, batch, limit=limit), partial(train_batch, batch), runs.fail_run)


def _train(batch: TrainingBatch, due: Iterable[Run]) -> None:
    """Train the runs that can be, an annotation that several people made once, and refuse the others."""
    alike: dict[tuple[str, int], list[Run]] = defaultdict(list)
    for run in due:
        alike[run.annotation_digest, run.min_slice_size].append(run)
    trainable: list[tuple[list[Run], Weighed]] = []
    for same in alike.values():
        try:
            trainable.append((same, weigh(same[0])))
        except SliceTooSmall as error:
            for run in same:
                runs.refuse_run(run, str(error), too_small=error)
    if not trainable:
        return
    heads = train(batch, [weighed for _, weighed in trainable])
    for (same, weighed), trained in zip(trainable, heads, strict=True):
        for run in same:
            _store(run, weighed, trained)


def _store(run: Run, weighed: Weighed, trained: TrainedHead) -> None:
    runs.store_run(
        run,
        TrainedRun(
            n_above=weighed.n_above,
            n_below=weighed.n_below,
            metrics=trained.metrics,
            test_predictions=trained.test_predictions,
            head=trained.head.to_bytes(),
            loss=trained.loss,
            certified_gap=trained.certified_gap,
            versions=library_versions(),
        ),
    )
