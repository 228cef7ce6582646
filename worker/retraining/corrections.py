"""Trains pooled corrections: a whole model with all annotations, and again without each one of them.

All these heads have the same features and differ in their loss weights alone, so many are solved at once.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from annotations.models import BaseModel, Correction, CorrectionPart
from annotations.services.queue import jobs
from annotations.services.retraining import corrections
from annotations.services.retraining.corrections import TrainedCorrection
from annotations.version import CODE_VERSION
from modeling.arrays.common.modeling_errors import ModelingError, SliceTooSmall
from modeling.arrays.retraining.heads import Head
from modeling.arrays.retraining.slices import slice_membership, slice_weights
from modeling.tensors.retraining import TrainedHeads, train_heads, train_some_classes
from worker.common import process_cache
from worker.common.library_versions import library_versions
from worker.common.process_cache import TrainingSet
from worker.queue.due_jobs import work_on_due
from worker.retraining.correction_effects import EvaluationSet, evaluation_sets, part_members

MANY_CLASSES = 200  # with more, only the annotated classes' rows are trained
AT_ONCE = 16  # heads: each needs a loss weight for every training image
ALL_ROWS, SOME_ROWS = "all rows", "rows of the annotated classes"


def train_due_corrections() -> int:
    """Train every correction that is due, one after the other; returns how many ended. Raises OperationalError."""
    return work_on_due(Correction, _train_one)


def train(correction: Correction) -> TrainedCorrection:
    """Train a correction and measure what it does.

    Raises SliceTooSmall, BadDataset, BadArray, NotConverged, BadHead, JobLost.
    """
    base_model = correction.base_model
    parts = list(correction.parts.select_related("score__phrase").order_by("target_class"))
    if not parts:
        raise ModelingError("it has no annotation any more")
    jobs.beat(correction, phase="splitting the training images")
    training = process_cache.training_set(base_model.dataset)
    files = base_model.dataset.files
    members = {part.target_class: part_members(part, files, training.rows, training.labels) for part in parts}
    kept = [parts, *([part for part in parts if part is not left_out] for left_out in parts)]
    heads: list[Head] = []
    losses: list[float] = []
    gaps: list[float] = []
    for first in range(0, len(kept), AT_ONCE):
        some = kept[first : first + AT_ONCE]
        jobs.beat(correction, phase="training", n_done=len(heads), n_total=len(kept))
        weights = np.stack([_weights(training, members, each, correction.scheme) for each in some], axis=1)
        trained, solved = _solve(base_model, training, weights, list(members))
        heads += _heads(trained, training, base_model)
        losses += trained.loss.tolist()
        gaps += trained.gap.tolist()
    jobs.beat(correction, phase="measuring", n_done=len(heads))
    sets = evaluation_sets(base_model, parts, correction.second_base_model)
    effects = {
        "solved": solved,
        "sets": [_effect(each, heads[0]) for each in sets],
        "slices": [_sizes(part, members[part.target_class], training) for part in parts],
    }
    return TrainedCorrection(
        effects=effects,
        ablations=[_ablation(part, head, sets) for part, head in zip(parts, heads[1:], strict=True)],
        head=heads[0].to_bytes(_model_card(correction, parts, effects)),
        loss=losses[0],
        certified_gap=gaps[0],
        versions=library_versions(),
    )


def _train_one(correction: Correction) -> None:
    try:
        trained = train(correction)
    except SliceTooSmall as error:
        jobs.fail(correction, _too_small(correction, error))
    else:
        corrections.store(correction, trained)


def _weights(
    training: TrainingSet, members: dict[int, NDArray[np.bool_]], parts: Iterable[CorrectionPart], scheme: str
) -> NDArray[np.float64]:
    """Loss weights with the annotations of some parts, float64[n]; without any each class is one slice."""
    labels = [part.target_class for part in parts]
    above = np.zeros(len(training.labels), np.bool_)
    for label in labels:
        above |= members[label]
    membership = slice_membership(above, training.labels, labels, settings.MIN_SLICE_SIZE)
    return slice_weights(training.labels, membership, scheme)


def _solve(
    base_model: BaseModel, training: TrainingSet, weights: NDArray[np.float64], classes: Sequence[int]
) -> tuple[TrainedHeads, str]:
    """Train a head a column, from the base model's own where there are many classes, and say which rows were free."""
    n_classes = len(base_model.dataset.class_names)
    if n_classes > MANY_CLASSES and base_model.head is not None:
        head = Head.from_bytes(bytes(base_model.head))
        given = (training.features, training.labels, weights, base_model.l2, head.coef, head.intercept, classes)
        return train_some_classes(*given, device=process_cache.device()), SOME_ROWS
    start = process_cache.shared_start(base_model.dataset, base_model.l2)
    columns = (training.features, training.labels, weights, base_model.l2, n_classes)
    return train_heads(*columns, start=start, device=process_cache.device()), ALL_ROWS


def _heads(trained: TrainedHeads, training: TrainingSet, base_model: BaseModel) -> list[Head]:
    return [
        Head.of(coef, intercept, training.standardization, base_model.dataset.class_names)
        for coef, intercept in zip(trained.coef, trained.intercept, strict=True)
    ]


def _effect(each: EvaluationSet, head: Head) -> dict[str, Any]:
    return {
        "name": each.name,
        "dataset": each.dataset,
        "groups": list(each.group_names),
        "before": each.measure(each.before),
        "after": each.measure(head.predict(each.features)),
    }


def _ablation(part: CorrectionPart, head: Head, sets: Iterable[EvaluationSet]) -> dict[str, Any]:
    measured = [{"name": each.name, "after": each.measure(head.predict(each.features))} for each in sets]
    return {"class": part.target_class, "phrase": part.score.phrase.text, "sets": measured}


def _sizes(part: CorrectionPart, members: NDArray[np.bool_], training: TrainingSet) -> dict[str, Any]:
    """The two slices of the training images."""
    n_above = int(members.sum())
    n_class = int((training.labels == part.target_class).sum())
    return {"class": part.target_class, "n_above": n_above, "n_below": n_class - n_above}


def _too_small(correction: Correction, error: SliceTooSmall) -> str:
    part = correction.parts.select_related("score__phrase").get(target_class=error.target_class)
    name = correction.base_model.dataset.class_names[error.target_class]
    return (
        f"“{part.score.phrase}” splits the training images of “{name}” into {error.n_above} and {error.n_below}, and "
        f"each part needs at least {error.least}. Choose another phrase for that class, or leave it out."
    )


def _model_card(correction: Correction, parts: Sequence[CorrectionPart], effects: dict[str, Any]) -> dict[str, str]:
    """What the head's file says of itself."""
    base_model = correction.base_model
    dataset = base_model.dataset
    annotations = [
        f"{dataset.class_names[part.target_class]}: {part.score.phrase} (τ {part.threshold!r}, sign {part.score.sign})"
        for part in parts
    ]
    measures = {
        f"{each['name']}_{name}": repr(each["after"][name])
        for each in effects["sets"]
        for name in ("worst_group", "average")
    }
    return {
        "dataset": str(dataset),
        "dataset_digest": dataset.digest,
        "feature_encoder": dataset.feature_encoder,
        "similarity_encoder": dataset.similarity_encoder,
        "base_model": base_model.name,
        "correction": str(correction.public_id),
        "annotations": "; ".join(annotations),
        "scheme": correction.scheme,
        "solved": effects["solved"],
        "l2": repr(base_model.l2),
        "code_version": CODE_VERSION,
        **measures,
    }
