"""Trains the base model of a data set: an ERM last layer on its train features."""

from typing import Any

from modeling.dataset_files import BadDataset, DatasetFiles, Split
from modeling.heads import Head
from modeling.retraining import train_heads
from modeling.slices import uniform_weights
from modeling.standardization import Standardization
from worker.versions import library_versions


def train_erm_head(files: DatasetFiles, l2: float) -> tuple[Head, dict[str, Any]]:
    """Train a head by plain supervised training (ERM): every train image weighs the same.

    l2: λ > 0. Returns the head and how it was made: loss, certified gap, iterations, number of images, versions.
    Raises BadDataset where there are no train images, NotConverged.
    """
    rows = files.rows(Split.TRAIN)
    if not len(rows):
        raise BadDataset(f"{files.directory}: there are no train images to train on")
    features = files.array("features")[rows]
    standardization = Standardization.fit(features)
    trained = train_heads(
        standardization.apply(features),
        files.labels[rows],
        uniform_weights(len(rows))[:, None],
        l2,
        n_classes=len(files.class_names),
    )
    head = Head.of(trained.coef[0], trained.intercept[0], standardization, files.class_names)
    return head, {
        "loss": float(trained.loss[0]),
        "certified_gap": float(trained.gap[0]),
        "iterations": trained.iterations,
        "n_images": len(rows),
        "versions": library_versions(),
    }
