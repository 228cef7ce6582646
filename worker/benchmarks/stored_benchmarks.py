"""A benchmark read back from its folder."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.common.modeling_errors import ModelingError
from modeling.arrays.retraining.group_accuracies import GroupMetrics
from worker.baselines.outcomes import ALL_TRAIN, Figure, Outcome, Over, Row
from worker.benchmarks.paired_bootstrap import Values, resample
from worker.benchmarks.predictions_file import PREDICTIONS, read_predictions

Predictions = Mapping[str, NDArray[np.int32]]


class BadBenchmark(ModelingError):
    """A file is not the record of a benchmark, or lacks what its predictions file should have."""


@dataclass(frozen=True, eq=False)
class StoredBenchmark:
    """The rows of a benchmark, with the resamples of their figures on the same test images."""

    dataset: str
    encoder: str
    rows: tuple[Row, ...]
    values: tuple[Values, ...]

    def values_of(self, row: Row, figure: Figure) -> NDArray[np.float64]:
        """Return the resamples of a row's figure."""
        return self.values[self.rows.index(row)][figure]


def read_benchmark(path: Path) -> StoredBenchmark:
    """Read a benchmark.json and the predictions beside it. Raises BadBenchmark, BadPredictionsFile."""
    try:
        record = json.loads(path.read_text("utf-8"))
        images, predictions = read_predictions(path.with_name(PREDICTIONS))
        rows = tuple(_row(row, predictions) for row in record["rows"])
        dataset, settings = record["dataset"], record["test_images"]
        values = tuple(resample(images, rows, settings["resamples"], settings["seed"]))
        return StoredBenchmark(dataset["name"], record["encoder"], rows, values)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadBenchmark(
            f"{path} is not the record of a benchmark, or its predictions are others: {error}"
        ) from error


def _row(row: Mapping[str, Any], predictions: Predictions) -> Row:
    outcomes = [_outcome(each, predictions) for each in row["classifiers"]]
    return Row(
        row["method"],
        row["name"],
        Over(row["over"]),
        outcomes=tuple(outcome for outcome in outcomes if outcome.name != ALL_TRAIN),
        point=next((outcome for outcome in outcomes if outcome.name == ALL_TRAIN), None),
        left_out=row["left_out"],
    )


def _outcome(classifier: Mapping[str, Any], predictions: Predictions) -> Outcome:
    metrics = classifier["metrics"]
    return Outcome(
        classifier["name"],
        GroupMetrics(**{**metrics, "accuracies": tuple(metrics["accuracies"]), "counts": tuple(metrics["counts"])}),
        predictions[classifier["predictions_sha256"]],
        classifier["details"],
    )
