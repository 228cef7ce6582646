"""The validation images of one class under one base model: which rows they are, and which the model got wrong."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from annotations.models import BaseModel
from clarify_errors.arrays.datasets.dataset_files import Split


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
