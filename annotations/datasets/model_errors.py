"""Where a base model is wrong on the images that people look at: by group, the worst first, and what it said."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from annotations.models import BaseModel
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.datasets.groups import group_names

LEAST_LEARNED = 0.1  # of the way from guessing to being always right


def little_learned(base_model: BaseModel) -> str:
    """Say of a model that it knows next to nothing of its classes, as where all images look alike to its encoder."""
    known = [share for share in base_model.validation_accuracies if share is not None]
    mean, guessing = fmean(known), 1 / len(base_model.validation_accuracies)
    if mean - guessing >= LEAST_LEARNED * (1 - guessing):
        return ""
    return (
        f"the model is right on {mean:.0%} of a class’s validation images, on average; guessing reaches "
        f"{guessing:.0%}. What people find will be chance. Take a better model, or import the images with an encoder "
        "that tells them apart."
    )


@dataclass(frozen=True)
class GroupErrors:
    """One group of validation images: how many there are, how many are right, and the rows of the wrong ones."""

    name: str
    n: int
    n_right: int
    wrong: NDArray[np.int64]

    @property
    def share(self) -> float:
        return self.n_right / self.n


@dataclass(frozen=True)
class ModelErrors:
    """groups: the worst first; said: how many images of each class (rows) were given each (columns), int[C, C]."""

    groups: tuple[GroupErrors, ...]
    said: NDArray[np.int64]

    @property
    def average(self) -> float:
        """Share of the validation images that are right."""
        return float(np.trace(self.said) / max(1, self.said.sum()))

    def confusions(self, names: Sequence[str], most: int) -> list[tuple[str, str, int]]:
        """Return what is taken for what, and how often, the most frequent first."""
        wrong = self.said.copy()
        np.fill_diagonal(wrong, 0)
        places = np.argsort(-wrong, axis=None, kind="stable")[:most]
        pairs = [divmod(int(place), len(names)) for place in places]
        return [(names[label], names[said], int(wrong[label, said])) for label, said in pairs if wrong[label, said]]


def model_errors(base_model: BaseModel) -> ModelErrors:
    """Read a base model's errors on validation; raises BadDataset, OSError where the files are not there."""
    return _errors(base_model.pk, tuple(base_model.dataset.class_names))


@lru_cache(maxsize=64)  # a base model never changes, and its classes get other names
def _errors(base_model_id: int, class_names: tuple[str, ...]) -> ModelErrors:
    base_model = BaseModel.objects.select_related("dataset").get(pk=base_model_id)
    files, predicted = base_model.dataset.files, base_model.predicted
    rows = files.rows(Split.VALIDATION)
    rows = rows[predicted[rows] != BaseModel.NO_PREDICTION]
    labels, said = files.labels[rows], predicted[rows]
    groups = files.groups[rows]
    n_classes = len(files.class_names)
    table = np.bincount(labels.astype(np.int64) * n_classes + said, minlength=n_classes**2)
    found = []
    for number, name in enumerate(group_names(class_names, base_model.dataset.attribute_names)):
        of_group = groups == number
        if of_group.any():
            wrong = of_group & (said != labels)
            found.append(GroupErrors(name, int(of_group.sum()), int(of_group.sum() - wrong.sum()), rows[wrong]))
    return ModelErrors(tuple(sorted(found, key=lambda each: each.share)), table.reshape(n_classes, n_classes))
