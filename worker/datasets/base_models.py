"""Finds the base models of a data set, and trains one: an ERM last layer on its train features."""

from annotations.base.service_errors import ServiceError
from annotations.datasets.base_models import store_trained_model, trained_model
from annotations.models import BaseModel, Dataset
from clarify_errors.arrays.retraining.slices import uniform_weights
from worker.common.library_versions import library_versions
from worker.common.process_cache import training_set
from worker.datasets import head_training
from worker.datasets.head_training import TrainedHead

DEFAULT_NAME = "erm"  # as train_base_model names what it trains


class BaseModelNotFound(ServiceError, code="base_model_not_found", status=404):
    """The data set has no base model of this name."""


def find_base_model(dataset: Dataset, name: str | None = None) -> BaseModel:
    """Return the data set's base model of this name, DEFAULT_NAME where none is given. Raises BaseModelNotFound."""
    known = BaseModel.objects.filter(dataset=dataset, name=name or DEFAULT_NAME).first()
    if known is None:
        names = ", ".join(dataset.base_models.values_list("name", flat=True))
        others = names or "none; train one with train_base_model"
        raise BaseModelNotFound(f"{dataset} has no base model {name or DEFAULT_NAME}. Known base models: {others}.")
    return known


def trained(dataset: Dataset, *, name: str, l2: float) -> tuple[BaseModel, bool]:
    """Return the data set's base model of this name and λ, trained now where there is none, and whether it is new.

    Raises NotPossible, NothingToEvaluate, and as `train_erm_head` does.
    """
    known = trained_model(dataset, name=name, l2=l2)
    if known is not None:
        return known, False
    erm = train_erm_head(dataset, l2)
    training = {
        "loss": erm.loss,
        "certified_gap": erm.certified_gap,
        "iterations": erm.iterations,
        "n_images": len(training_set(dataset).labels),
        "versions": library_versions(),
    }
    return store_trained_model(dataset, name=name, head=erm.head, l2=l2, training=training)


def train_erm_head(dataset: Dataset, l2: float) -> TrainedHead:
    """Train a head by plain supervised training (ERM): every train image weighs the same.

    l2: λ > 0. Raises BadDataset, BadArray where there are no train images or less than two classes, NotConverged.
    """
    (head,) = head_training.train(dataset, l2, uniform_weights(len(training_set(dataset).labels))[:, None])
    return head
