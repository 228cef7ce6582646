"""Trains pooled corrections: a whole model with all annotations, without each one of them, and without any phrase.

All these heads have the same features and differ in their loss weights alone, so many are solved at once. With many
classes, what leaving one annotation out does is found with the annotated classes' rows of the base model's head alone,
and beside the whole correction trained so. What a head does is measured on validation, on test, and on a second test
set, by group and by slice.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from annotations.corrections import correction_requests as corrections
from annotations.corrections.correction_effects import AFTER, BEFORE, CONTROL, GAINS, RESTRICTED
from annotations.models import BaseModel, Correction, CorrectionPart, Dataset
from annotations.queue import jobs
from annotations.runs.trained_rows import has_many_classes
from clarify_errors.arrays.common.modeling_errors import ModelingError, SliceTooSmall
from clarify_errors.arrays.datasets.dataset_files import DatasetFiles, Split
from clarify_errors.arrays.retraining.annotation import Annotation
from clarify_errors.arrays.retraining.control import control_weights
from clarify_errors.arrays.retraining.group_accuracies import group_metrics
from clarify_errors.arrays.retraining.heads import Head
from clarify_errors.arrays.retraining.own_gain_intervals import own_gain_interval, paired_counts
from worker.common import process_cache
from worker.common.library_versions import library_versions
from worker.datasets import head_training
from worker.datasets.head_training import ClassSlices, TrainedHead
from worker.queue.due_jobs import work_on_due

VALIDATION, TEST, SECOND = "validation", "test", "second"


@dataclass(frozen=True)
class EvaluationSet:
    """n images on which the base model has a prediction.

    rows: int64[n], in the files; features: float32[n, d], as stored; labels, groups, before: int[n], before being the
    base model's predictions; above: by annotated class bool[n], which of its images are above the threshold;
    train_counts: weights of the groups.
    """

    name: str
    dataset: str
    files: DatasetFiles
    rows: NDArray[np.int64]
    group_names: tuple[str, ...]
    train_counts: NDArray[np.int64]
    features: NDArray[np.float32]
    labels: NDArray[np.int32]
    groups: NDArray[np.int64]
    before: NDArray[np.int64]
    above: Mapping[int, NDArray[np.bool_]]

    def members(self, annotation: Annotation) -> NDArray[np.bool_]:
        """Return which images are of the annotation's class and above its threshold, bool[n]."""
        return annotation.members(self.files.array("similarity"), self.rows, self.labels)

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
    base_model: BaseModel, annotations: Sequence[Annotation], second: BaseModel | None
) -> tuple[EvaluationSet, ...]:
    """Return validation and test, where they have images with a prediction, and the test images of a second data set.

    There the base model's own head predicts; one that was imported has none, and the second base model stands for it.
    Raises BadDataset, BadArray, BadHead.
    """
    files = base_model.dataset.files
    predicted = base_model.predicted
    sets = [
        _set(name, base_model.dataset, rows[predicted[rows] != BaseModel.NO_PREDICTION], predicted, annotations)
        for name, rows in ((VALIDATION, files.rows(Split.VALIDATION)), (TEST, files.rows(Split.TEST)))
    ]
    if second is not None:
        sets.append(_second(base_model, second, annotations))
    return tuple(each for each in sets if len(each.labels))


def _second(base_model: BaseModel, second: BaseModel, annotations: Sequence[Annotation]) -> EvaluationSet:
    files = second.dataset.files
    rows = files.rows(Split.TEST)
    if base_model.head is None:
        predicted = second.predicted
        rows = rows[predicted[rows] != BaseModel.NO_PREDICTION]
    else:
        predicted = np.full(files.n_rows, BaseModel.NO_PREDICTION, np.int32)
        if len(rows):
            predicted[rows] = Head.from_bytes(bytes(base_model.head)).predict(files.array("features")[rows])
    return _set(SECOND, second.dataset, rows, predicted, annotations)


def _set(
    name: str,
    dataset: Dataset,
    rows: NDArray[np.int64],
    predicted: NDArray[np.int32],
    annotations: Sequence[Annotation],
) -> EvaluationSet:
    files = dataset.files
    labels = files.labels[rows]
    groups = files.groups[rows]
    found = EvaluationSet(
        name=name,
        dataset=str(dataset),
        files=files,
        rows=rows,
        group_names=tuple(dataset.group_names),
        train_counts=_group_weights(files.train_group_counts, groups),
        features=files.array("features")[rows],
        labels=labels,
        groups=groups,
        before=predicted[rows].astype(np.int64),
        above={},
    )
    return replace(found, above={each.target_class: found.members(each) for each in annotations})


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


AT_ONCE = 16  # heads: each needs a loss weight for every training image
ALL_ROWS, SOME_ROWS = "all rows", "rows of the annotated classes"


def train_due_corrections() -> int:
    """Train every correction that is due, one after the other; returns how many ended. Raises OperationalError."""
    return work_on_due(Correction, _train_one)


def train(correction: Correction) -> dict[str, Any]:
    """Train a correction and measure what it does; return the fields that it has then.

    Raises SliceTooSmall, BadDataset, BadArray, NotConverged, BadHead, JobLost.
    """
    base_model = correction.base_model
    parts = list(correction.parts.select_related("score__phrase").order_by("target_class"))
    if not parts:
        raise ModelingError("it no longer has an annotation")
    jobs.beat(correction, phase="splitting the training images")
    annotations = [part.annotation for part in parts]
    slices = [ClassSlices.of(each, base_model.dataset) for each in annotations]
    classes = [part.target_class for part in parts]
    left_out = [[each for each in slices if each is not one] for one in slices]
    is_restricted = has_many_classes(base_model)
    full = [slices, None] if is_restricted else [slices, *left_out, None]
    some = [slices, *left_out] if is_restricted else []
    n_total = len(full) + len(some)
    whole, *without, control = _heads(correction, full, classes, n_total)
    restricted: TrainedHead | None = None
    if is_restricted:
        restricted, *without = _heads(correction, some, classes, n_total, in_rows=True)
    jobs.beat(correction, phase="measuring", n_done=n_total)
    sets = evaluation_sets(base_model, annotations, correction.second_base_model)
    measured = {CONTROL: control, AFTER: whole, RESTRICTED: restricted}
    effects = {
        "solved": ALL_ROWS,
        "sets": [_effect(each, {name: of.head for name, of in measured.items() if of is not None}) for each in sets],
        "slices": [{"class": each.target_class, "n_above": each.n_above, "n_below": each.n_below} for each in slices],
    }
    return {
        "effects": effects,
        "ablations": [_ablation(part, each.head, sets) for part, each in zip(parts, without, strict=True)],
        "head": whole.head.to_bytes(),
        "loss": whole.loss,
        "certified_gap": whole.certified_gap,
        "versions": library_versions(),
    }


def _train_one(correction: Correction) -> None:
    try:
        trained = train(correction)
    except SliceTooSmall as error:
        jobs.fail(correction, _too_small(correction, error))
    else:
        corrections.store(correction, **trained)


def solve(
    base_model: BaseModel, weights: NDArray[np.float64], classes: Sequence[int], *, in_all_rows: bool = False
) -> tuple[list[TrainedHead], str]:
    """Train a head a column, and say which rows were free: with many classes, unless asked for, those of some alone."""
    if has_many_classes(base_model) and not in_all_rows:
        return head_training.train_rows(base_model, weights, classes), SOME_ROWS
    return head_training.train(base_model.dataset, base_model.l2, weights), ALL_ROWS


def _heads(
    correction: Correction,
    kept: Sequence[Sequence[ClassSlices] | None],
    classes: Sequence[int],
    n_total: int,
    *,
    in_rows: bool = False,
) -> list[TrainedHead]:
    """Train a head with each of some annotations: all its rows, or those of the annotated classes alone, the last."""
    base_model, trained = correction.base_model, list[TrainedHead]()
    for first in range(0, len(kept), AT_ONCE):
        n_done = len(trained) + (n_total - len(kept) if in_rows else 0)
        jobs.beat(correction, phase="training", n_done=n_done, n_total=n_total)
        weights = np.stack([_weights(correction, each, classes) for each in kept[first : first + AT_ONCE]], axis=1)
        trained += solve(base_model, weights, classes, in_all_rows=not in_rows)[0]
    return trained


def _weights(
    correction: Correction, slices: Sequence[ClassSlices] | None, classes: Sequence[int]
) -> NDArray[np.float64]:
    """Loss weights with some of the annotations, float64[n]; without slices those of the control of all classes."""
    dataset = correction.base_model.dataset
    if slices is None:
        return control_weights(process_cache.training_set(dataset).labels, classes, correction.scheme)
    return head_training.loss_weights(dataset, slices, correction.scheme, settings.MIN_SLICE_SIZE)


def _effect(each: EvaluationSet, heads: Mapping[str, Head]) -> dict[str, Any]:
    predicted = {BEFORE: each.before, **{name: head.predict(each.features) for name, head in heads.items()}}
    right = {name: of == each.labels for name, of in predicted.items()}
    cells = {less: paired_counts(right[AFTER], right[less], each.groups) for less in (BEFORE, CONTROL)}
    return {
        "name": each.name,
        "dataset": each.dataset,
        "groups": list(each.group_names),
        GAINS: {less: asdict(own_gain_interval(counts)) for less, counts in cells.items()},
        **{name: each.measure(of) for name, of in predicted.items()},
    }


def _ablation(part: CorrectionPart, head: Head, sets: Iterable[EvaluationSet]) -> dict[str, Any]:
    measured = [{"name": each.name, "after": each.measure(head.predict(each.features))} for each in sets]
    return {"class": part.target_class, "sets": measured}


def _too_small(correction: Correction, error: SliceTooSmall) -> str:
    part = correction.parts.select_related("score__phrase").get(target_class=error.target_class)
    name = correction.base_model.dataset.class_names[error.target_class]
    return (
        f"“{part.score.phrase}” splits the training images of “{name}” into {error.n_above} and "
        f"{error.n_below}, but each part needs at least {error.least}. Choose another phrase for this class, or "
        "leave the class out."
    )
