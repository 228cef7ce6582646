"""A benchmark in its folder: the test predictions, each distinct one once by its digest, and all of it read back."""

import base64
import io
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import msgspec
import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.retraining.group_accuracies import GroupMetrics
from worker.benchmarks.outcomes import Outcome, Over, Row, predictions_digest
from worker.benchmarks.paired_bootstrap import GroupedLabels, Values, resample

PREDICTIONS = "predictions.npz"


class BadBenchmark(ModelingError):
    """A file is not the record of a benchmark, or its predictions are missing, damaged, or of another benchmark."""


def write_predictions(images: GroupedLabels, rows: Sequence[Row]) -> bytes:
    """Return an .npz file: labels, groups and train_counts of the test images, and predictions named by SHA-256."""
    arrays = vars(images) | {each.predictions_sha256: each.predictions for row in rows for each in row.classifiers}
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **{name: _smallest(array) for name, array in arrays.items()})
    return file.getvalue()


def read_predictions(path: Path) -> tuple[GroupedLabels, dict[str, NDArray[np.int32]]]:
    """Return the test images, and the predictions by digest. Raises BadBenchmark."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
            images = GroupedLabels(
                *(arrays.pop(name).astype(np.int64) for name in ("labels", "groups", "train_counts"))
            )
    except (OSError, KeyError, ValueError, BadZipFile) as error:
        raise BadBenchmark(f"{path} is not the {PREDICTIONS} of a benchmark: {error}") from error
    predictions = {name: array.astype(np.int32) for name, array in arrays.items()}
    for digest, array in predictions.items():
        if array.shape != images.labels.shape or predictions_digest(array) != digest:
            raise BadBenchmark(f"{path} is damaged: its predictions {digest[:12]}… have another digest")
    return images, predictions


def packed(predictions: NDArray[np.int32]) -> str:
    """Return predictions for a row in the database: little-endian int32, compressed, as Base64."""
    return base64.b64encode(zlib.compress(predictions.astype("<i4").tobytes())).decode()


def _smallest(array: NDArray[np.integer]) -> NDArray[np.integer]:
    """The same numbers, none below 0, in the smallest type that holds them."""
    return array.astype(np.min_scalar_type(int(array.max(initial=0))))


Predictions = Mapping[str, NDArray[np.int32]]


@dataclass(frozen=True, eq=False)
class StoredBenchmark:
    """The rows of a benchmark, with the resamples of their figures on the same test images."""

    images: GroupedLabels

    dataset: str
    encoder: str
    rows: tuple[Row, ...]
    values: tuple[Values, ...]

    def values_of(self, row: Row) -> Values:
        """Return the resamples of a row's figures."""
        return self.values[self.rows.index(row)]


def read_benchmark(path: Path) -> StoredBenchmark:
    """Read a benchmark.json and the predictions beside it. Raises BadBenchmark."""
    try:
        record = json.loads(path.read_text("utf-8"))
        images, predictions = read_predictions(path.with_name(PREDICTIONS))
        rows = tuple(_row(row, predictions) for row in record["rows"])
        dataset, settings = record["dataset"], record["test_images"]
        values = tuple(resample(images, rows, settings["resamples"], settings["seed"]))
        return StoredBenchmark(images, dataset["name"], record["encoder"], rows, values)
    except (OSError, ValueError, KeyError, TypeError, msgspec.ValidationError) as error:
        raise BadBenchmark(
            f"{path} is not the record of a benchmark, or its predictions are others: {error}"
        ) from error


def _row(row: Mapping[str, Any], predictions: Predictions) -> Row:
    classifiers = tuple(_outcome(each, predictions) for each in row["classifiers"])
    return Row(row["method"], row["name"], Over(row["over"]), classifiers, left_out=row["left_out"])


def _outcome(classifier: Mapping[str, Any], predictions: Predictions) -> Outcome:
    return Outcome(
        classifier["name"],
        msgspec.convert(classifier["metrics"], GroupMetrics),
        predictions[classifier["predictions_sha256"]],
        classifier["details"],
    )
