"""The validation images of one class under one base model: which rows they are, and which the model got wrong.

Pages show them in a grid, told apart as right and wrong, with the count of all beside. Samples are seeded, so that a
reload, another tab and another device show the same images. And which classes participants can be shown.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from django.utils.translation import gettext
from numpy.typing import NDArray

from annotations.datasets.thumbnails import thumbnail_url
from annotations.models import BaseModel, Task
from clarify_errors.arrays.common.modeling_errors import NothingToEvaluate
from clarify_errors.arrays.common.samples import sample
from clarify_errors.arrays.datasets.dataset_files import DatasetFiles, Split
from clarify_errors.arrays.retraining.group_accuracies import hardest_class


@dataclass(frozen=True)
class ClassImages:
    """Rows in the manifest's order; every array has one entry per image."""

    rows: NDArray[np.int64]
    is_error: NDArray[np.bool_]
    predicted: NDArray[np.int32]

    @property
    def n_error(self) -> int:
        return int(self.is_error.sum())

    @property
    def n_correct(self) -> int:
        return len(self.rows) - self.n_error


def class_images(base_model: BaseModel, target_class: int) -> ClassImages:
    """Return the class's validation images that have a prediction. A base model never changes, so this is cached."""
    return _class_images(base_model.pk, target_class)


@lru_cache(maxsize=1024)  # as many as a data set with many classes has
def _class_images(base_model_id: int, target_class: int) -> ClassImages:
    base_model = _base_model(base_model_id)
    rows = base_model.dataset.files.rows(Split.VALIDATION, target_class)
    predicted = base_model.predicted[rows]
    shown = predicted != BaseModel.NO_PREDICTION
    return ClassImages(rows[shown], predicted[shown] != target_class, predicted[shown])


@lru_cache(maxsize=4)  # the classes of one are asked for one after the other
def _base_model(base_model_id: int) -> BaseModel:
    return BaseModel.objects.select_related("dataset").get(pk=base_model_id)


@dataclass(frozen=True)
class Picture:
    """One image on a page: its row in the data set, and `said`, the class that the AI gave it."""

    number: int
    row: int
    url: str
    is_error: bool
    said: str

    @property
    def name(self) -> str:
        """The picture's text where it must not tell whether the AI was right."""
        return gettext("Image %(number)s") % {"number": self.number}

    @property
    def description(self) -> str:
        """The picture's text, which tells whether the AI was right."""
        text = (
            gettext("Image %(number)s, the AI was wrong")
            if self.is_error
            else gettext("Image %(number)s, the AI was right")
        )
        return text % {"number": self.number}


@dataclass(frozen=True)
class Grid:
    """Some of `n_images` images."""

    pictures: tuple[Picture, ...]
    n_images: int

    @property
    def rows(self) -> list[int]:
        return [picture.row for picture in self.pictures]

    @property
    def has_others(self) -> bool:
        return self.n_images > len(self.pictures)


def pictures_of(
    owner: str,
    base_model: BaseModel,
    images: ClassImages,
    positions: NDArray[np.int64],
    numbers: NDArray[np.int64] | None = None,
) -> tuple[Picture, ...]:
    """Return the images of a class at some positions (int[m], into the arrays of `images`).

    numbers: of all the class's images, from `visit_numbers`. Default: those shown are numbered from 1.
    """
    dataset = base_model.dataset
    keys = dataset.files.image_keys[images.rows[positions]]
    return tuple(
        Picture(
            shown if numbers is None else int(numbers[position]),
            int(images.rows[position]),
            thumbnail_url(owner, dataset.pk, key.decode()),
            bool(images.is_error[position]),
            str(dataset.class_names[images.predicted[position]]),
        )
        for shown, (key, position) in enumerate(zip(keys, positions, strict=True), start=1)
    )


def visit_numbers(is_error: NDArray[np.bool_], seed: tuple[int, ...]) -> NDArray[np.int64]:
    """Number a class's images from 1, so that an image has one number wherever a visit sees it: int64[n].

    seed: of the visit's samples of the right images, (*seed, 0), and of the wrong ones, (*seed, 1). Numbers ascend in
    the order of both, which are mixed evenly, so that no number tells whether the AI was right.
    """
    places = np.empty(len(is_error))
    for side in (0, 1):
        positions = np.flatnonzero(is_error == bool(side))
        n = len(positions)
        places[positions[sample(n, n, 0, (*seed, side))]] = (np.arange(n) + 0.5) / max(n, 1)
    numbers = np.empty(len(is_error), np.int64)
    numbers[np.argsort(places, kind="stable")] = np.arange(1, len(is_error) + 1)
    return numbers


def default_target_class(base_model: BaseModel) -> int:
    """Return the class with the highest error rate on the validation images that have a prediction."""
    predicted, labels = evaluated(base_model.dataset.files, base_model.predicted, Split.VALIDATION)
    return hardest_class(predicted, labels, len(base_model.dataset.class_names))


def resolved_target_class(task: Task) -> int:
    """Return the number of the class that participants will see: the one given, or the one with most errors.

    Raises BadDataset where the data set's directory does not open, NothingToEvaluate where nothing has a prediction.
    """
    return default_target_class(task.base_model) if task.target_class is None else task.target_class


def classes_with_errors(base_model: BaseModel) -> list[int]:
    """Return the classes of which the model gets some validation images wrong and some right, the worst first."""
    shares = enumerate(base_model.validation_accuracies)
    return [number for share, number in sorted((s, n) for n, s in shares if s is not None and 0 < s < 1)]


def evaluated(
    files: DatasetFiles, predictions: NDArray[np.int32], split: Split
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return predicted class and label of the split's images that have a prediction, each int32[m].

    Raises NothingToEvaluate where none has.
    """
    rows = files.rows(split)
    rows = rows[predictions[rows] != BaseModel.NO_PREDICTION]
    if not len(rows):
        raise NothingToEvaluate(
            f"No {split.word} image has a prediction, so no class can be studied. Add predictions for this split."
        )
    return predictions[rows], files.labels[rows]
