"""Weigh, train, build and measure heads on a data set's training images.

Runs, corrections, base models, `recompute` and the benchmark train here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from annotations.datasets.base_models import test_group_metrics
from annotations.models import BaseModel, Dataset, Run
from annotations.runs.retraining import RetrainedHead, TrainingBatch
from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.retraining.annotation import Annotation
from clarify_errors.arrays.retraining.heads import Head
from clarify_errors.arrays.retraining.slices import slice_membership, slice_weights
from clarify_errors.tensors.retraining.many_heads import TrainedHeads, train_heads, train_some_classes
from worker.common import process_cache
from worker.common.library_versions import library_versions

MAX_AT_ONCE = 256
WORK_AT_ONCE = 1e10  # product of images, features, classes and heads: some seconds on one core


@dataclass(frozen=True, eq=False)
class ClassSlices:
    """The two slices that an annotation makes of its class. above: bool[n], of all n training images."""

    target_class: int
    above: NDArray[np.bool_]
    n_above: int
    n_below: int

    @classmethod
    def of(cls, annotation: Annotation, dataset: Dataset) -> Self:
        """Split the class's training images. Raises BadDataset, BadArray."""
        training = process_cache.training_set(dataset)
        above = annotation.members(dataset.files.array("similarity"), training.rows, training.labels)
        n_above, n_class = int(above.sum()), int((training.labels == annotation.target_class).sum())
        return cls(annotation.target_class, above, n_above, n_class - n_above)


@dataclass(frozen=True, eq=False)
class Weighed:
    """Loss weights of the n training images, float64[n] with sum 1, and the slices that they balance."""

    weights: NDArray[np.float64]
    slices: ClassSlices


@dataclass(frozen=True, eq=False)
class TrainedHead:
    """A head, the loss that it reached, and a bound on how far that is above the minimum."""

    head: Head
    loss: float
    certified_gap: float
    iterations: int


def heads_at_once(dataset: Dataset, n_rows: int = 0) -> int:
    """Return how many heads, of so many trained rows or of all, keep a batch short, from 1 to MAX_AT_ONCE.

    Raises BadDataset, NoRoom.
    """
    if "features" not in dataset.files.manifest.arrays:
        return MAX_AT_ONCE  # all are refused
    try:
        work = process_cache.training_set(dataset).features.size * (n_rows or len(dataset.class_names))
    except BadArray:
        return MAX_AT_ONCE  # all fail
    return int(np.clip(WORK_AT_ONCE // work, 1, MAX_AT_ONCE))


def weigh(run: Run) -> Weighed:
    """Split the training images by a run's annotation and weigh them. Raises SliceTooSmall, BadDataset, BadArray."""
    annotation, dataset = run.annotation, run.base_model.dataset
    assert annotation is not None, "a run without a threshold is refused when it is planned"
    slices = ClassSlices.of(annotation, dataset)
    return Weighed(loss_weights(dataset, [slices], run.scheme, run.min_slice_size), slices)


def loss_weights(dataset: Dataset, slices: Sequence[ClassSlices], scheme: str, least: int) -> NDArray[np.float64]:
    """Return weights that balance the slices of some classes, float64[n] with sum 1; any other class is one slice.

    Raises SliceTooSmall, BadDataset, BadArray.
    """
    return slice_weights(process_cache.training_set(dataset).labels, membership_of(dataset, slices, least), scheme)


def membership_of(dataset: Dataset, slices: Sequence[ClassSlices], least: int) -> NDArray[np.int64]:
    """Number the slice of each training image of some classes. Raises SliceTooSmall, BadDataset, BadArray."""
    labels = process_cache.training_set(dataset).labels
    above = np.zeros(len(labels), np.bool_)
    for each in slices:
        above |= each.above
    return slice_membership(above, labels, [each.target_class for each in slices], least)


def train(dataset: Dataset, l2: float, weights: NDArray[np.float64]) -> list[TrainedHead]:
    """Train one head per column of loss weights, [n, K], all at once. Raises BadDataset, BadArray, NotConverged."""
    training = process_cache.training_set(dataset)
    trained = train_heads(
        training.features,
        training.labels,
        weights,
        l2,
        n_classes=len(dataset.class_names),
        start=process_cache.warm_start(dataset, l2),
        device=process_cache.device(),
        checkpoints=dataset.files.directory / process_cache.WARM_STARTS,
    )
    return _built(dataset, trained)


def train_rows(base_model: BaseModel, weights: NDArray[np.float64], rows: Sequence[int]) -> list[TrainedHead]:
    """Train as `train` does with a base model's λ, but only some rows of its head."""
    return _built(base_model.dataset, train_some_classes(process_cache.some_rows(base_model, tuple(rows)), weights))


def measure(dataset: Dataset, trained: Iterable[TrainedHead]) -> list[RetrainedHead]:
    """Predict the test images with each head. Raises BadDataset, NothingToEvaluate."""
    features, versions = dataset.files.array("features")[dataset.files.rows(Split.TEST)], library_versions()
    predicted = [(each, each.head.predict(features)) for each in trained]
    return [
        RetrainedHead(test_group_metrics(dataset, said), said, each.head, each.loss, each.certified_gap, versions)
        for each, said in predicted
    ]


def train_and_measure(batch: TrainingBatch, weights: Sequence[NDArray[np.float64]]) -> list[RetrainedHead]:
    """Train a head for each of some loss weights, float64[n], all its rows or the batch's, and measure it."""
    columns = np.stack(weights, axis=1)
    if batch.base_model is None:
        return measure(batch.dataset, train(batch.dataset, batch.l2, columns))
    return measure(batch.dataset, train_rows(batch.base_model, columns, batch.rows))


def _built(dataset: Dataset, trained: TrainedHeads) -> list[TrainedHead]:
    """Put the heads into the form that leaves the system."""
    standardization = process_cache.training_set(dataset).standardization
    return [
        TrainedHead(Head.of(coef, intercept, standardization, dataset.class_names), loss, gap, trained.iterations)
        for coef, intercept, loss, gap in zip(
            trained.coef, trained.intercept, trained.loss.tolist(), trained.gap.tolist(), strict=True
        )
    ]
