"""The classifier whose errors the annotations of a benchmark describe."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotations.models import BaseModel, Dataset
from annotations.services.common.service_errors import ServiceError
from modeling.arrays.datasets.dataset_files import Split
from worker.baselines.outcomes import predictions_digest
from worker.datasets.base_models import train_erm_head


class BaseModelNotFound(ServiceError):
    """The data set has no base model of this name."""

    status = 404


@dataclass(frozen=True, eq=False)
class ShownModel:
    """name: of the base model, empty where none is stored; l2: its λ; predicted: int[n], NO_PREDICTION where none."""

    dataset: Dataset
    name: str
    l2: float
    predicted: NDArray[np.integer]

    def evaluation_images(self, label: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Rows of the class's validation images that have a prediction, and whether it is wrong: int64[m], bool[m]."""
        rows = self.dataset.files.rows(Split.VALIDATION, label)
        rows = rows[self.predicted[rows] != BaseModel.NO_PREDICTION]
        return rows, self.predicted[rows] != label

    @property
    def validation_digest(self) -> str:
        """`predictions_digest` of its classes for the validation images: every error score rests on them."""
        return predictions_digest(self.predicted[self.dataset.files.rows(Split.VALIDATION)])


def stored_model(base_model: BaseModel) -> ShownModel:
    """A base model as it is stored."""
    return ShownModel(base_model.dataset, base_model.name, base_model.l2, base_model.predicted)


def find_base_model(dataset: Dataset, name: str) -> BaseModel:
    """The data set's base model of this name. Raises BaseModelNotFound."""
    known = BaseModel.objects.filter(dataset=dataset, name=name).first()
    if known is None:
        names = ", ".join(dataset.base_models.values_list("name", flat=True)) or (
            "none; train one with train_base_model"
        )
        raise BaseModelNotFound(f"{dataset} has no base model {name}. Known base models: {names}.")
    return known


def trained_model(dataset: Dataset, l2: float) -> ShownModel:
    """The ERM model of the data set with this λ, trained now and not stored: what `train_base_model` would make."""
    head = train_erm_head(dataset, l2).head
    files = dataset.files
    predicted = np.full(files.n_rows, BaseModel.NO_PREDICTION, dtype=np.int64)
    rows = files.rows(Split.VALIDATION)
    if len(rows):
        predicted[rows] = head.predict(files.array("features")[rows])
    return ShownModel(dataset, "", l2, predicted)
