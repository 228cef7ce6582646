"""What a pooled correction does: accuracies on validation, on test, and on a second test set, by group and by slice."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.models import BaseModel, CorrectionPart, Dataset
from modeling.arrays.datasets.dataset_files import Split
from modeling.arrays.datasets.groups import group_ids, group_names
from modeling.arrays.retraining.group_accuracies import GroupMetrics, group_metrics
from modeling.arrays.retraining.heads import Head

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
        return {**_document(metrics), **_means(parts), "parts": parts}

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


def _document(metrics: GroupMetrics) -> dict[str, Any]:
    return {
        "worst_group": metrics.worst_group,
        "average": metrics.average,
        "average_plain": metrics.average_plain,
        "gap": metrics.gap,
        "accuracies": list(metrics.accuracies),
        "counts": list(metrics.counts),
    }


def _part(label: int, part: str, right: NDArray[np.bool_]) -> dict[str, Any]:
    return {"class": label, "part": part, "n": len(right), "accuracy": float(right.mean()) if len(right) else None}


def _means(parts: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """The minority and the majority split's accuracy, each an unweighted mean over the annotated classes."""
    means: dict[str, float | None] = {}
    for name in ("minority", "majority"):
        values = [part["accuracy"] for part in parts if part["part"] == name and part["accuracy"] is not None]
        means[name] = float(np.mean(values)) if values else None
    return means
