"""Rows whose objective is solved to a certificate: a weighted mean of slices' losses, or the largest of them.

Each row is one loss over a division of the train images into slices (classes, groups, or what annotations make). What
varies between its classifiers is the images that are trained on.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.retraining.heads import Head
from modeling.arrays.retraining.slices import slice_ids
from modeling.tensors.retraining.worst_group import train_worst_group
from worker.baselines.method_inputs import Bench
from worker.baselines.outcomes import Outcome
from worker.baselines.split_features import SplitImages
from worker.datasets import head_training

ALL_ALIKE = "class_mass"  # the scheme that weighs every image alike where classes are the slices: ERM

Division = Callable[[SplitImages], NDArray[np.integer]]
Weigh = Callable[[NDArray[np.integer], NDArray[np.integer], str], NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Job:
    """A classifier to train.

    rows: positions among the n train images; slices: int[n], the membership that annotations make, or ids of another
    division that do not cross classes.
    """

    name: str
    rows: NDArray[np.int64]
    slices: NDArray[np.integer]


def classes(images: SplitImages) -> NDArray[np.integer]:
    """Each class is a slice."""
    return images.labels


def groups(images: SplitImages) -> NDArray[np.integer]:
    """Each group is a slice."""
    return images.groups


def jobs_over_draws(bench: Bench, slices: NDArray[np.integer]) -> list[Job]:
    """One job on all train images, and one for each seed's draw of them."""
    return [Job(name, rows, slices) for name, rows in bench.draws()]


def train_balanced(bench: Bench, jobs: Sequence[Job], scheme: str, weigh: Weigh) -> Iterator[Outcome]:
    """Minimise each job's Σ w · CE + λ/2 ‖W‖², with the weights of a scheme: all jobs in one batch, equal ones once.

    weigh: `slice_weights` of annotations, which refuses a draw that has lost one of an annotation's slices, or
    `division_weights`.
    """
    labels = bench.data.train.labels
    weights = np.zeros((len(labels), len(jobs)))
    for k, job in enumerate(jobs):
        weights[job.rows, k] = weigh(labels[job.rows], job.slices[job.rows], scheme)
    distinct, column_of = np.unique(weights, axis=1, return_inverse=True)
    trained = head_training.train(bench.data.dataset, bench.l2, distinct)
    for job, k in zip(jobs, column_of.tolist(), strict=True):
        yield _outcome(bench, job, trained[k].head, loss=trained[k].loss, gap=trained[k].certified_gap)


def train_worst(bench: Bench, jobs: Sequence[Job]) -> Iterator[Outcome]:
    """Minimise each job's largest mean loss of a slice + λ/2 ‖W‖²; equal jobs are trained again, and come out equal."""
    train, labels = bench.data.standardised_train, bench.data.train.labels
    for job in jobs:
        is_all = len(job.rows) == len(labels)
        slices = slice_ids(labels, job.slices)[job.rows]
        trained = train_worst_group(
            train.features if is_all else train.features[job.rows], labels[job.rows], slices,
            bench.l2, n_classes=bench.data.n_classes,
            start=bench.start if is_all else None, device=bench.device,
        )  # fmt: skip
        weights = dict(zip(map(str, trained.groups.tolist()), trained.q.tolist(), strict=True))
        head = Head.of(trained.coef, trained.intercept, bench.data.standardization, bench.data.dataset.class_names)
        yield _outcome(bench, job, head, loss=trained.loss, gap=trained.gap, slice_weights=weights)


def _outcome(bench: Bench, job: Job, head: Head, **certificate: Any) -> Outcome:
    """The measures of a head in float32, as the system would store it."""
    data = bench.data
    predictions = head.predict(data.test.unit.features)
    return Outcome.of(data.dataset, job.name, predictions, n_images=len(job.rows), **certificate)
