"""Trains the base model of a data set: an ERM last layer on its train features."""

from typing import Any

from annotations.models import BaseModel, Dataset
from annotations.services.datasets.base_models import store_trained_model, trained_model
from modeling.arrays.retraining.heads import Head
from modeling.arrays.retraining.slices import uniform_weights
from modeling.tensors.retraining import train_heads
from worker.common.library_versions import library_versions
from worker.common.process_cache import device, shared_start, training_set


def trained(dataset: Dataset, *, name: str, l2: float) -> tuple[BaseModel, bool]:
    """Return the data set's base model of this name and λ, trained now where there is none, and whether it is new.

    Raises BaseModelNameTaken, NothingToEvaluate, and as `train_erm_head` does.
    """
    known = trained_model(dataset, name=name, l2=l2)
    if known is not None:
        return known, False
    head, training = train_erm_head(dataset, l2)
    return store_trained_model(dataset, name=name, head=head, l2=l2, training=training)


def train_erm_head(dataset: Dataset, l2: float) -> tuple[Head, dict[str, Any]]:
    """Train a head by plain supervised training (ERM): every train image weighs the same.

    l2: λ > 0. Returns the head and how it was made: loss, certified gap, iterations, number of images, versions.
    Raises BadDataset, BadArray where there are no train images or less than two classes, NotConverged.
    """
    training = training_set(dataset)
    n_images = len(training.labels)
    weights = uniform_weights(n_images)[:, None]
    trained = train_heads(
        training.features,
        training.labels,
        weights,
        l2,
        len(dataset.class_names),
        start=shared_start(dataset, l2),
        device=device(),
    )
    head = Head.of(trained.coef[0], trained.intercept[0], training.standardization, dataset.class_names)
    return head, {
        "loss": float(trained.loss[0]),
        "certified_gap": float(trained.gap[0]),
        "iterations": trained.iterations,
        "n_images": n_images,
        "versions": library_versions(),
    }
