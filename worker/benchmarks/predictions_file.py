"""The test predictions of a benchmark's classifiers in one compressed file, each distinct one once, by its digest."""

import base64
import io
import zlib
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.common.modeling_errors import ModelingError
from worker.baselines.outcomes import Row, predictions_digest
from worker.benchmarks.paired_bootstrap import GroupedLabels

PREDICTIONS = "predictions.npz"


class BadPredictionsFile(ModelingError):
    """A file of a benchmark's predictions is missing, damaged, or of another benchmark."""


def write_predictions(images: GroupedLabels, rows: Sequence[Row]) -> bytes:
    """Return an .npz file: labels, groups and train_counts of the test images, and predictions named by SHA-256."""
    arrays: dict[str, NDArray[np.integer]] = {
        "labels": images.labels,
        "groups": images.groups,
        "train_counts": images.train_counts,
    }
    arrays |= {each.predictions_sha256: each.predictions for row in rows for each in row.classifiers}
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **{name: _smallest(array) for name, array in arrays.items()})
    return file.getvalue()


def read_predictions(path: Path) -> tuple[GroupedLabels, dict[str, NDArray[np.int32]]]:
    """Return the test images, and the predictions by digest. Raises BadPredictionsFile."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
            images = GroupedLabels(
                *(arrays.pop(name).astype(np.int64) for name in ("labels", "groups", "train_counts"))
            )
    except (OSError, KeyError, ValueError, BadZipFile) as error:
        raise BadPredictionsFile(f"{path} is not the {PREDICTIONS} of a benchmark: {error}") from error
    predictions = {name: array.astype(np.int32) for name, array in arrays.items()}
    for digest, array in predictions.items():
        if array.shape != images.labels.shape or predictions_digest(array) != digest:
            raise BadPredictionsFile(f"{path} is damaged: its predictions {digest[:12]}… have another digest")
    return images, predictions


def packed(predictions: NDArray[np.int32]) -> str:
    """Return predictions for a row in the database: little-endian int32, compressed, as Base64."""
    return base64.b64encode(zlib.compress(predictions.astype("<i4").tobytes())).decode()


def _smallest(array: NDArray[np.integer]) -> NDArray[np.integer]:
    """The same numbers, none below 0, in the smallest type that holds them."""
    smallest: NDArray[np.integer] = array.astype(np.min_scalar_type(int(array.max(initial=0))))
    return smallest
