"""Retraining in batches: due runs in, heads and their test metrics out. Rules are in annotations.services.runs."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from annotations.models import BaseModel, Run
from annotations.services import runs
from annotations.services.base_models import test_group_metrics
from annotations.services.runs import TrainedRun
from annotations.version import CODE_VERSION
from modeling.dataset_files import BadDataset, Split
from modeling.errors import SliceTooSmall
from modeling.heads import Head
from modeling.metrics import GroupMetrics
from modeling.retraining import train_heads
from modeling.similarity import similarities
from modeling.slices import slice_members, slice_membership, slice_weights
from worker import resources
from worker.complaints import complain
from worker.drain import drain
from worker.versions import library_versions

NO_FEATURES = "the data set has no classifier features, so nothing can be retrained on it"

MOST_AT_ONCE = 32
_WORK_AT_ONCE = 1e9  # product of images, features, classes and heads: some seconds on one core


@dataclass(frozen=True)
class _Prepared:
    """A run that can be trained. weights: float64[n_train]."""

    run: Run
    weights: NDArray[np.float64]
    n_above: int
    n_below: int


def train_due_runs() -> int:
    """Train every due run; returns how many were done or refused. Raises OperationalError.

    Runs on a data set whose files are missing wait: that is nobody's attempt.
    """
    runs.fail_exhausted_runs()
    return sum(_train_due(base_model) for base_model in runs.due_base_models())


def heads_at_once(base_model: BaseModel) -> int:
    """How many heads make a batch that does not keep others waiting, from 1 to MOST_AT_ONCE. Raises BadDataset."""
    files = base_model.dataset.files
    entry = files.manifest.arrays.get("features")
    if entry is None:
        return MOST_AT_ONCE  # all are refused
    work = len(files.rows(Split.TRAIN)) * entry.dim * len(files.class_names)
    return int(np.clip(_WORK_AT_ONCE // max(work, 1), 1, MOST_AT_ONCE))


def train_batch(base_model: BaseModel, ids: Collection[int]) -> list[int]:
    """Train those of a base model's claimed runs that are still due, in one batch; returns their ids. All or none."""
    with transaction.atomic():
        due = runs.lock_runs(ids)
        if "features" not in base_model.dataset.files.manifest.arrays:
            for run in due:
                runs.refuse_run(run, NO_FEATURES)
        else:
            prepared = [ready for run in due if (ready := _prepare(run)) is not None]
            if prepared:
                _train(base_model, prepared)
    return [run.pk for run in due]


def _train_due(base_model: BaseModel) -> int:
    try:
        limit = heads_at_once(base_model)
    except BadDataset as error:
        complain(f"runs on {base_model} wait: {error}")
        return 0
    return drain(partial(runs.claim_runs, base_model, limit=limit), partial(train_batch, base_model), runs.fail_run)


def _prepare(run: Run) -> _Prepared | None:
    """The loss weights of a run's training images; None where a slice is too small, and the run is refused."""
    assert run.threshold is not None, "a run without a threshold is refused when it is planned"
    dataset, embedding = run.base_model.dataset, runs.text_embedding(run)
    training = resources.training_set(dataset)
    values = similarities(dataset.files.array("similarity")[training.rows], embedding)
    members = slice_members(values, training.labels, run.target_class, run.threshold)
    try:
        slices = slice_membership(members, training.labels, run.target_class, run.least_slice_size)
    except SliceTooSmall as error:
        runs.refuse_run(run, str(error), too_small=error)
        return None
    n_above = int(members.sum())
    n_below = int((training.labels == run.target_class).sum()) - n_above
    return _Prepared(run, slice_weights(training.labels, slices, run.scheme), n_above, n_below)


def _train(base_model: BaseModel, prepared: list[_Prepared]) -> None:
    """Train one head per run and store each with its test metrics. The runs of a base model share its λ."""
    dataset = base_model.dataset
    training = resources.training_set(dataset)
    weights = np.stack([each.weights for each in prepared], axis=1)
    trained = train_heads(training.features, training.labels, weights, base_model.l2, len(dataset.class_names))
    test_features = dataset.files.array("features")[dataset.files.rows(Split.TEST)]
    for k, each in enumerate(prepared):
        head = Head.of(trained.coef[k], trained.intercept[k], training.standardization, dataset.class_names)
        predictions = head.predict(test_features)
        metrics = test_group_metrics(dataset, predictions)
        runs.store_run(
            each.run,
            TrainedRun(
                n_above=each.n_above,
                n_below=each.n_below,
                metrics=metrics,
                test_predictions=predictions,
                head=head.to_bytes(_model_card(each.run, metrics)),
                loss=float(trained.loss[k]),
                certified_gap=float(trained.gap[k]),
                versions=library_versions(),
            ),
        )


def _model_card(run: Run, metrics: GroupMetrics) -> dict[str, str]:
    """What the head's file says of itself: data, annotation, λ, scheme, metrics, versions."""
    dataset = run.base_model.dataset
    return {
        "dataset": str(dataset),
        "dataset_digest": dataset.digest,
        "feature_encoder": dataset.feature_encoder,
        "similarity_encoder": dataset.similarity_encoder,
        "base_model": run.base_model.name,
        "run": str(run.public_id),
        "target_class": str(dataset.class_names[run.target_class]),
        "phrase": run.phrase_text,
        "similarity_threshold": repr(run.threshold),
        "scheme": run.scheme,
        "l2": repr(run.l2),
        "test_worst_group_accuracy": repr(metrics.worst_group),
        "test_average_accuracy": repr(metrics.average),
        "code_version": CODE_VERSION,
    }
