"""Base models: the classifiers whose errors participants see, trained here or imported as a file of predictions."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from annotations.base.service_errors import NotPossible
from annotations.datasets.class_images import evaluated
from annotations.models import BaseModel, BaseModelOrigin, Dataset
from annotations.models.arrays import pack_int32
from clarify_errors.arrays.common.modeling_errors import NothingToEvaluate
from clarify_errors.arrays.datasets.dataset_files import DatasetFiles, Split, file_sha256
from clarify_errors.arrays.datasets.prediction_file import read_predictions
from clarify_errors.arrays.retraining.group_accuracies import GroupMetrics, class_error_rates, group_metrics
from clarify_errors.arrays.retraining.heads import Head


def store_trained_model(
    dataset: Dataset, *, name: str, head: Head, l2: float, training: Mapping[str, Any]
) -> tuple[BaseModel, bool]:
    """Store a head trained on the data set's features, with its predictions for validation and test.

    Returns the base model and whether it is new: one of the same name and λ is left as it is. `training` says how
    the head was made (loss, certified gap, versions). Raises NotPossible, NothingToEvaluate.
    """
    known = trained_model(dataset, name=name, l2=l2)
    if known is not None:
        return known, False
    of_head = _of_head(dataset, name, head)
    return _store(dataset, name, origin=BaseModelOrigin.TRAINED, l2=l2, training=dict(training), **of_head)


def trained_model(dataset: Dataset, *, name: str, l2: float) -> BaseModel | None:
    """Return the base model of this name that was trained here with this λ, None where the name is free.

    Raises NotPossible where the name stands for something else.
    """
    known = BaseModel.objects.filter(dataset=dataset, name=name).first()
    if known is not None:
        _check_same(known, BaseModelOrigin.TRAINED, l2)
    return known


def import_predictions(
    dataset: Dataset, *, name: str, file: Path, l2: float, allow_missing: bool = False
) -> tuple[BaseModel, bool]:
    """Store the predictions of any classifier, read from a CSV file (`clarify_errors.arrays.datasets.prediction_file`).

    Such a base model has no head; runs retrain on the data set's features with λ = `l2`. Returns the base model and
    whether it is new: the same file again is left as it is. Raises BadSource, NotPossible,
    NothingToEvaluate.
    """
    read = read_predictions(file, dataset.files, allow_missing)
    training = {"file": file.name, "file_sha256": file_sha256(file), "missing_images": list(read.missing)}
    return _store(
        dataset,
        name,
        origin=BaseModelOrigin.IMPORTED,
        l2=l2,
        predictions=read.predictions,
        head=None,
        training=training,
    )


def store_imported_head(dataset: Dataset, *, name: str, file: Path, head: Head, l2: float) -> tuple[BaseModel, bool]:
    """Store a head that was trained elsewhere, read from a file, with its predictions for validation and test.

    Returns the base model and whether it is new: the same file again is left as it is. Raises NotPossible,
    NothingToEvaluate.
    """
    training = {"file": file.name, "file_sha256": file_sha256(file), "has_head": True}
    of_head = _of_head(dataset, name, head)
    return _store(dataset, name, origin=BaseModelOrigin.IMPORTED, l2=l2, training=training, **of_head)


def store_part(base_model: BaseModel, hidden: NDArray[np.int64], *, name: str) -> BaseModel:
    """Store a base model again under another name, without its predictions for some rows, which are then not shown.

    hidden: int64[m], rows of the data set. Raises NotPossible, NothingToEvaluate.
    """
    predictions = base_model.predicted.copy()
    predictions[hidden] = BaseModel.NO_PREDICTION
    stored, created = _store(
        base_model.dataset,
        name,
        origin=BaseModelOrigin(base_model.origin),
        l2=base_model.l2,
        predictions=predictions,
        head=base_model.head,
        training={**base_model.training, "part_of": base_model.name, "hidden": len(hidden)},
    )
    if not created:
        raise NotPossible(f"{stored} already exists. Choose another name.")
    return stored


def test_group_metrics(dataset: Dataset, predictions: NDArray[np.integer]) -> GroupMetrics:
    """Measure predictions for the test images by group, images without a prediction left out.

    predictions: int[m], one per test image in the manifest's row order. Raises NothingToEvaluate, BadArray.
    """
    files = dataset.files
    rows = files.rows(Split.TEST)
    shown = predictions != BaseModel.NO_PREDICTION
    if not shown.any():
        raise NothingToEvaluate(
            f"No test image of {dataset} has a prediction, so no accuracy can be computed. Add predictions for the "
            "test split."
        )
    groups = files.groups[rows][shown]
    counts = files.train_group_counts
    if not counts.any():  # a second test set weighs its groups by its own images
        counts = np.bincount(groups, minlength=len(counts))
    return group_metrics(predictions[shown], files.labels[rows][shown], groups, counts)


def _store(
    dataset: Dataset, name: str, *, origin: BaseModelOrigin, l2: float, predictions: NDArray[np.int32], **fields: Any
) -> tuple[BaseModel, bool]:
    """Create the row, or find it: the constraint on the name decides between two that come at once."""
    files = dataset.files
    error_rates: tuple[float | None, ...] = (None,) * len(files.class_names)
    if len(files.rows(Split.TEST)) < files.n_rows:  # else a second test set, which is not shown
        predicted, labels = evaluated(files, predictions, Split.VALIDATION)
        error_rates = class_error_rates(predicted, labels, len(files.class_names))
    metrics = test_group_metrics(dataset, predictions[files.rows(Split.TEST)])
    with transaction.atomic():
        base_model, created = BaseModel.objects.get_or_create(
            dataset=dataset,
            name=name,
            defaults={
                "origin": origin,
                "l2": l2,
                "predictions": pack_int32(predictions),
                "validation_accuracies": [None if rate is None else 1 - rate for rate in error_rates],
                "test_metrics": asdict(metrics),
                **fields,
            },
        )
    if not created:
        _check_same(base_model, origin, l2, fields["training"].get("file_sha256"))
    return base_model, created


def _check_same(known: BaseModel, origin: BaseModelOrigin, l2: float, file_sha256: str | None = None) -> None:
    if known.origin != origin or known.training.get("file_sha256") != file_sha256:
        raise NotPossible(f"{known} already exists ({known.origin_name}) and cannot be changed. Choose another --name.")
    if known.l2 != l2:
        raise NotPossible(f"{known} already exists with λ = {known.l2:g}, not {l2:g}. Choose another --name.")


def _of_head(dataset: Dataset, name: str, head: Head) -> dict[str, Any]:
    """What a base model has of its head: its predictions, and the file, which says whose it is."""
    named = {"base_model": name, "dataset": dataset.name, "dataset_digest": dataset.digest}
    return {"predictions": _predictions_of(head, dataset.files), "head": head.to_bytes(named)}


def _predictions_of(head: Head, files: DatasetFiles) -> NDArray[np.int32]:
    """The head's class for each validation and test image, NO_PREDICTION for the training images; int32[n]."""
    predictions = np.full(files.n_rows, BaseModel.NO_PREDICTION, dtype=np.int32)
    features = files.array("features")
    for split in (Split.VALIDATION, Split.TEST):
        rows = files.rows(split)
        if len(rows):
            predictions[rows] = head.predict(features[rows])
    return predictions
