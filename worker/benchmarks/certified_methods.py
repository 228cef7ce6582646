"""Rows whose objective is solved to a certificate: a weighted mean of slices' losses, or the largest of them.

Each row is one loss over a division of the train images into slices (classes, groups, or what annotations make). What
varies between its classifiers is the images that are trained on.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from clarify_errors.arrays.retraining.heads import Head
from clarify_errors.arrays.retraining.slices import slice_ids
from clarify_errors.tensors.retraining.worst_group import train_worst_group
from worker.benchmarks.divisions import Division, Job
from worker.benchmarks.method_inputs import Bench
from worker.benchmarks.outcomes import Outcome, Result
from worker.benchmarks.scored_annotations import AnnotationSource
from worker.datasets import head_training

ALL_ALIKE = "class_mass"  # the scheme that weighs every image alike where classes are the slices: ERM


def balanced(bench: Bench, source: AnnotationSource, *, of: Division, scheme: str | None = None) -> Iterator[Result]:
    """Minimise each job's Σ w · CE + λ/2 ‖W‖², with a scheme's weights: all jobs in one batch, equal ones once.

    scheme: the benchmark's by default.
    """
    jobs, notes = of.jobs(bench, source)
    yield from notes
    if not jobs:
        return
    labels = bench.train.labels
    weights = np.zeros((len(labels), len(jobs)))
    for k, job in enumerate(jobs):
        weights[job.rows, k] = of.weigh(labels[job.rows], job.slices[job.rows], scheme or bench.scheme)
    distinct, column_of = np.unique(weights, axis=1, return_inverse=True)
    trained = head_training.train(bench.dataset, bench.l2, distinct)
    for job, k in zip(jobs, column_of.tolist(), strict=True):
        yield _outcome(bench, job, trained[k].head, loss=trained[k].loss, gap=trained[k].certified_gap)


def worst(bench: Bench, source: AnnotationSource, *, of: Division) -> Iterator[Result]:
    """Minimise each job's largest mean loss of a slice + λ/2 ‖W‖²; equal jobs are trained again, and come out equal."""
    jobs, notes = of.jobs(bench, source)
    yield from notes
    train, labels = bench.train.standardised, bench.train.labels
    for job in jobs:  # of a draw that has lost a slice, the largest loss of the others would be another objective
        of.weigh(labels[job.rows], job.slices[job.rows], bench.scheme)
    for job in jobs:
        is_all = len(job.rows) == len(labels)
        slices = slice_ids(labels, job.slices)[job.rows]
        trained = train_worst_group(
            train.features if is_all else train.features[job.rows], labels[job.rows], slices,
            bench.l2, n_classes=bench.n_classes,
            start=bench.start if is_all else None, device=bench.device,
        )  # fmt: skip
        weights = dict(zip(map(str, trained.groups.tolist()), trained.q.tolist(), strict=True))
        head = Head.of(trained.coef, trained.intercept, bench.standardization, bench.dataset.class_names)
        yield _outcome(bench, job, head, loss=trained.loss, gap=trained.gap, slice_weights=weights)


def _outcome(bench: Bench, job: Job, head: Head, **certificate: Any) -> Outcome:
    """The measures of a head in float32, as the system would store it."""
    predictions = head.predict(bench.test.unit.features)
    return Outcome.of(bench.dataset, job.name, predictions, n_images=len(job.rows), **certificate)
