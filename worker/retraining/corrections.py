"""Trains pooled corrections: a whole model with all annotations, without each one of them, and without any phrase.

All these heads have the same features and differ in their loss weights alone, so many are solved at once. What one does
is measured on validation, on test, and on a second test set, by group and by slice.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from annotations.models import BaseModel, Correction, CorrectionPart, Dataset
from annotations.readings.retraining.corrections import BEFORE, CONTROL, worst_group_gain
from annotations.services.queue import jobs
from annotations.services.retraining import corrections
from annotations.services.retraining.corrections import TrainedCorrection
from annotations.version import CODE_VERSION
from modeling.arrays.common.modeling_errors import ModelingError, SliceTooSmall
from modeling.arrays.datasets.dataset_files import Split
from modeling.arrays.datasets.groups import group_ids, group_names
from modeling.arrays.retraining.control import control_weights
from modeling.arrays.retraining.group_accuracies import group_metrics
from modeling.arrays.retraining.heads import Head
from modeling.tensors.retraining.many_heads import FreeRows
from worker.common import process_cache
from worker.common.library_versions import library_versions
from worker.datasets import head_training
from worker.datasets.head_training import ClassSlices, TrainedHead
from worker.queue.due_jobs import work_on_due

VALIDATION, TEST, SECOND = "validation", "test", "second"


@dataclass(frozen=True)
class EvaluationSet:
    """n images on which the base model has a prediction.

    features: float32[n, d], as stored; labels, groups, before: int[n], before being the base model's predictions;
    above: by annotated class bool[n], which of its images are above the threshold; train_counts: weights of the groups.
    """

    name: str
    dataset: str
    group_names: tuple[str, ...]
    train_counts: NDArray[np.int64]
    features: NDArray[np.float32]
    labels: NDArray[np.int32]
    groups: NDArray[np.int64]
    before: NDArray[np.int64]
    above: Mapping[int, NDArray[np.bool_]]

    def measure(self, predictions: NDArray[np.integer]) -> dict[str, Any]:
        """Return accuracies of predictions, int[n]: overall, by group, and by class and slice; None without images."""
        metrics = group_metrics(predictions, self.labels, self.groups, self.train_counts)
        parts = list(self._parts(predictions == self.labels))
        return {**asdict(metrics), **_means(parts), "parts": parts}

    def _parts(self, right: NDArray[np.bool_]) -> Iterator[dict[str, Any]]:
        for label in np.unique(self.labels).tolist():
            of_class = self.labels == label
            yield _part(label, "class", right[of_class])
            if label in self.above:
                yield _part(label, "minority", right[of_class & self.above[label]])
                yield _part(label, "majority", right[of_class & ~self.above[label]])


def evaluation_sets(
    base_model: BaseModel, parts: Sequence[CorrectionPart], second: BaseModel | None
) -> tuple[EvaluationSet, ...]:
    """Return validation and test, where they have images with a prediction, and the test images of a second data set.

    There the base model's own head predicts; one that was imported has none, and the second base model stands for it.
    Raises BadDataset, BadArray, BadHead.
    """
    files = base_model.dataset.files
    predicted = base_model.predicted
    sets = [
        _set(name, base_model.dataset, rows[predicted[rows] != BaseModel.NO_PREDICTION], predicted, parts)
        for name, rows in ((VALIDATION, files.rows(Split.VALIDATION)), (TEST, files.rows(Split.TEST)))
    ]
    if second is not None:
        sets.append(_second(base_model, second, parts))
    return tuple(each for each in sets if len(each.labels))


def _second(base_model: BaseModel, second: BaseModel, parts: Sequence[CorrectionPart]) -> EvaluationSet:
    files = second.dataset.files
    rows = files.rows(Split.TEST)
    if base_model.head is None:
        predicted = second.predicted
        rows = rows[predicted[rows] != BaseModel.NO_PREDICTION]
    else:
        predicted = np.full(files.n_rows, BaseModel.NO_PREDICTION, np.int32)
        if len(rows):
            predicted[rows] = Head.from_bytes(bytes(base_model.head)).predict(files.array("features")[rows])
    return _set(SECOND, second.dataset, rows, predicted, parts)


def _set(
    name: str,
    dataset: Dataset,
    rows: NDArray[np.int64],
    predicted: NDArray[np.int32],
    parts: Sequence[CorrectionPart],
) -> EvaluationSet:
    files = dataset.files
    labels = files.labels[rows]
    groups = group_ids(files.labels, files.attributes, len(files.attribute_names))[rows]
    return EvaluationSet(
        name=name,
        dataset=str(dataset),
        group_names=tuple(group_names(files.class_names, files.attribute_names)),
        train_counts=_group_weights(np.asarray(files.train_group_counts, np.int64), groups),
        features=files.array("features")[rows],
        labels=labels,
        groups=groups,
        before=predicted[rows].astype(np.int64),
        above={part.target_class: part.annotation.members(files.array("similarity"), rows, labels) for part in parts},
    )


def _group_weights(train_counts: NDArray[np.int64], groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Train counts, or the set's own where no group that is here has a train image: a set without a train split."""
    here = np.bincount(groups, minlength=len(train_counts))
    return train_counts if train_counts[here > 0].any() else here


def _part(label: int, part: str, right: NDArray[np.bool_]) -> dict[str, Any]:
    return {"class": label, "part": part, "n": len(right), "accuracy": float(right.mean()) if len(right) else None}


def _means(parts: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """The minority and the majority split's accuracy, each an unweighted mean over the annotated classes."""
    means: dict[str, float | None] = {}
    for name in ("minority", "majority"):
        values = [part["accuracy"] for part in parts if part["part"] == name and part["accuracy"] is not None]
        means[name] = float(np.mean(values)) if values else None
    return means


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
        raise ModelingError("it no longer has an annotation")
    jobs.beat(correction, phase="splitting the training images")
    slices = [ClassSlices.of(part.annotation, base_model.dataset) for part in parts]
    classes = [part.target_class for part in parts]
    kept = [slices, *([each for each in slices if each is not left_out] for left_out in slices), None]
    trained: list[TrainedHead] = []
    for first in range(0, len(kept), AT_ONCE):
        jobs.beat(correction, phase="training", n_done=len(trained), n_total=len(kept))
        weights = np.stack([_weights(correction, each, classes) for each in kept[first : first + AT_ONCE]], axis=1)
        some, solved = solve(base_model, weights, classes)
        trained += some
    jobs.beat(correction, phase="measuring", n_done=len(trained))
    sets = evaluation_sets(base_model, parts, correction.second_base_model)
    whole, *without, control = trained
    effects = {
        "solved": solved,
        "sets": [_effect(each, whole.head, control.head) for each in sets],
        "slices": [{"class": each.target_class, "n_above": each.n_above, "n_below": each.n_below} for each in slices],
    }
    return TrainedCorrection(
        effects=effects,
        ablations=[_ablation(part, each.head, sets) for part, each in zip(parts, without, strict=True)],
        head=whole.head.to_bytes(_model_card(correction, parts, effects)),
        loss=whole.loss,
        certified_gap=whole.certified_gap,
        versions=library_versions(),
    )


def _train_one(correction: Correction) -> None:
    try:
        trained = train(correction)
    except SliceTooSmall as error:
        jobs.fail(correction, _too_small(correction, error))
    else:
        corrections.store(correction, trained)


def solve(base_model: BaseModel, weights: NDArray[np.float64], classes: Sequence[int]) -> tuple[list[TrainedHead], str]:
    """Train a head a column, from the base model's own where there are many classes, and say which rows were free."""
    dataset, l2 = base_model.dataset, base_model.l2
    if len(dataset.class_names) > MANY_CLASSES and base_model.head is not None:
        head = Head.from_bytes(bytes(base_model.head))
        return head_training.train_rows(dataset, l2, weights, FreeRows(head.coef, head.intercept, classes)), SOME_ROWS
    return head_training.train(dataset, l2, weights), ALL_ROWS


def _weights(
    correction: Correction, slices: Sequence[ClassSlices] | None, classes: Sequence[int]
) -> NDArray[np.float64]:
    """Loss weights with some of the annotations, float64[n]; without slices those of the control of all classes."""
    dataset = correction.base_model.dataset
    if slices is None:
        return control_weights(process_cache.training_set(dataset).labels, classes, correction.scheme)
    return head_training.loss_weights(dataset, slices, correction.scheme, settings.MIN_SLICE_SIZE)


def _effect(each: EvaluationSet, head: Head, control: Head) -> dict[str, Any]:
    return {
        "name": each.name,
        "dataset": each.dataset,
        "groups": list(each.group_names),
        "before": each.measure(each.before),
        "control": each.measure(control.predict(each.features)),
        "after": each.measure(head.predict(each.features)),
    }


def _ablation(part: CorrectionPart, head: Head, sets: Iterable[EvaluationSet]) -> dict[str, Any]:
    measured = [{"name": each.name, "after": each.measure(head.predict(each.features))} for each in sets]
    return {"class": part.target_class, "phrase": part.score.phrase.text, "sets": measured}


def _too_small(correction: Correction, error: SliceTooSmall) -> str:
    part = correction.parts.select_related("score__phrase").get(target_class=error.target_class)
    name = correction.base_model.dataset.class_names[error.target_class]
    return (
        f"“{part.score.phrase}” splits the training images of “{name}” into {error.n_above} and "
        f"{error.n_below}, but each part needs at least {error.least}. Choose another phrase for this class, or "
        "leave the class out."
    )


def _model_card(correction: Correction, parts: Sequence[CorrectionPart], effects: dict[str, Any]) -> dict[str, str]:
    """What the head's file says of itself."""
    base_model = correction.base_model
    dataset = base_model.dataset
    annotations = [
        f"{dataset.class_names[part.target_class]}: {part.score.phrase} (τ {part.threshold!r}, sign {part.score.sign})"
        for part in parts
    ]
    gains = {
        name: repr(gain)
        for name, less in (("test_own_gain", CONTROL), ("test_gain_over_base_model", BEFORE))
        if (gain := worst_group_gain(effects, less)) is not None
    }
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
        **gains,
        **measures,
    }
