"""Trains the base model of a data set: an ERM last layer on its train features."""

from typing import Any

from annotations.models import Dataset
from modeling.heads import Head
from modeling.retraining import train_heads
from modeling.slices import uniform_weights
from worker.resources import device, shared_start, training_set
from worker.versions import library_versions


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
