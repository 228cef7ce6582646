"""Whole models retrained beside each other, and where each is right: with annotations, and with what stands beside.

That is: without phrases (the control), with random slices of the same sizes, with the true groups where they are known,
and with the machine's keywords. All of them have the same rows free and the same start.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from annotations.corrections.correction_effects import AFTER, BEFORE, CONTROL
from annotations.models import BaseModel, Dataset
from annotations.runs.random_slices import SliceKey
from clarify_errors.arrays.common.progress import Progress
from clarify_errors.arrays.datasets.dataset_files import DatasetFiles
from clarify_errors.arrays.retraining.control import control_weights
from clarify_errors.arrays.retraining.slices import division_weights
from worker.benchmarks.scored_annotations import Cut
from worker.common import process_cache
from worker.corrections import AT_ONCE, EvaluationSet, evaluation_sets, solve
from worker.datasets import head_training
from worker.datasets.head_training import ClassSlices, TrainedHead
from worker.runs import random_slices

GROUPS, KEYWORDS, KEYWORDS_CONTROL, RANDOM = "groups", "keywords", "keywords_control", "random"
ANNOTATIONS = "annotations"  # with GROUPS and KEYWORDS the ways to cut classes: divisions
MODELS = {  # by division, those measured on it
    ANNOTATIONS: (BEFORE, CONTROL, AFTER, GROUPS),
    GROUPS: (BEFORE, CONTROL, AFTER, GROUPS),
    KEYWORDS: (BEFORE, KEYWORDS_CONTROL, KEYWORDS),
}
CONTROL_OF = {AFTER: CONTROL, GROUPS: CONTROL, KEYWORDS: KEYWORDS_CONTROL}


@dataclass(frozen=True, eq=False)
class Compared:
    """What is trained. annotated, machine: cuts by annotations and by keywords; draws: models of random slices."""

    base_model: BaseModel
    annotated: Sequence[Cut]
    machine: Sequence[Cut]
    scheme: str
    draws: int

    @property
    def classes(self) -> list[int]:
        return [each.said.target_class for each in self.annotated]

    def weights(self) -> dict[str, NDArray[np.float64]]:
        """Return the loss weights of each model, float64[n]. Raises BadDataset, BadArray."""
        dataset = self.base_model.dataset
        labels = process_cache.training_set(dataset).labels
        annotated, machine = ([each.slices for each in cuts] for cuts in (self.annotated, self.machine))
        found = {
            AFTER: self._balancing(annotated),
            CONTROL: control_weights(labels, self.classes, self.scheme),
        }
        if rare := rare_groups(dataset.files, self.classes):
            found[GROUPS] = division_weights(labels, _parts(dataset, list(rare)), self.scheme)
        if machine:
            found[KEYWORDS] = self._balancing(machine)
            found[KEYWORDS_CONTROL] = control_weights(labels, [each.target_class for each in machine], self.scheme)
        keys = [SliceKey(each.target_class, each.n_above, self.scheme) for each in annotated]
        drawn = [random_slices.cuts(dataset, key, self.draws) for key in keys]
        for number, cuts in enumerate(zip(*drawn, strict=True), 1):
            pairs = zip(annotated, cuts, strict=True)
            found[f"{RANDOM} {number}"] = self._balancing([replace(each, above=above) for each, above in pairs])
        return found

    def _balancing(self, slices: Sequence[ClassSlices]) -> NDArray[np.float64]:
        return head_training.loss_weights(self.base_model.dataset, slices, self.scheme, settings.MIN_SLICE_SIZE)


@dataclass(frozen=True, eq=False)
class MeasuredSet:
    """n images. above: by division and annotated class bool[n], which are in the minority; right: by model bool[n]."""

    name: str
    dataset: str
    labels: NDArray[np.int32]
    above: Mapping[str, Mapping[int, NDArray[np.bool_]]]
    right: Mapping[str, NDArray[np.bool_]]

    def random(self) -> NDArray[np.bool_]:
        """Return where each model of random slices is right, bool[draws, n]."""
        return np.stack([right for key, right in self.right.items() if key.startswith(f"{RANDOM} ")])


def train(compared: Compared, progress: Progress) -> tuple[dict[str, TrainedHead], str]:
    """Train all models, and say which rows were free. Raises BadDataset, BadArray, SliceTooSmall, NotConverged."""
    weights = compared.weights()
    trained: list[TrainedHead] = []
    solved = ""
    progress("training", 0, len(weights))
    for first in range(0, len(weights), AT_ONCE):
        batch = np.stack(list(weights.values())[first : first + AT_ONCE], axis=1)
        some, solved = solve(compared.base_model, batch, compared.classes)
        trained += some
        progress("training", len(trained), len(weights))
    return dict(zip(weights, trained, strict=True)), solved


def measure(
    compared: Compared, heads: Mapping[str, TrainedHead], second: BaseModel | None, progress: Progress
) -> tuple[MeasuredSet, ...]:
    """Predict with all models on validation, test and the second test set. Raises BadDataset, BadArray, BadHead."""
    rare = rare_groups(compared.base_model.dataset.files, compared.classes)
    sets = evaluation_sets(compared.base_model, [each.annotation for each in compared.annotated], second)
    measured, n_done, n_total = [], 0, len(sets) * len(heads)
    for images in sets:
        right = {BEFORE: images.before == images.labels}
        for key, each in heads.items():
            progress("predicting", n_done, n_total)
            right[key] = each.head.predict(images.features) == images.labels
            n_done += 1
        measured.append(
            MeasuredSet(images.name, images.dataset, images.labels, _above(images, compared.machine, rare), right)
        )
    progress("predicting", n_done, n_total)
    return tuple(measured)


def rare_groups(files: DatasetFiles, classes: Sequence[int]) -> dict[int, int]:
    """Return the group of each class with the fewest training images; none of a class whose images are in one group."""
    n_attributes = len(files.attribute_names)
    if not n_attributes:
        return {}
    counts = files.train_group_counts.reshape(-1, n_attributes)
    return {
        label: label * n_attributes + min(np.flatnonzero(counts[label]).tolist(), key=counts[label].__getitem__)
        for label in classes
        if np.count_nonzero(counts[label]) > 1
    }


def _parts(dataset: Dataset, classes: Sequence[int]) -> NDArray[np.int64]:
    """Return the group of each training image of some classes, and one number for each other class."""
    training, n_attributes = process_cache.training_set(dataset), len(dataset.attribute_names)
    groups = dataset.files.groups[training.rows]
    return np.where(np.isin(training.labels, classes), groups, groups // n_attributes * n_attributes)


def _above(
    images: EvaluationSet, machine: Sequence[Cut], rare: Mapping[int, int]
) -> dict[str, Mapping[int, NDArray[np.bool_]]]:
    divisions: dict[str, Mapping[int, NDArray[np.bool_]]] = {ANNOTATIONS: images.above}
    if rare:
        divisions[GROUPS] = {label: images.groups == group for label, group in rare.items()}
    if machine:
        divisions[KEYWORDS] = {each.said.target_class: images.members(each.annotation) for each in machine}
    return divisions
