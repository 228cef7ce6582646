"""Predictions of any classifier from a CSV file, with one line per image (docs/engineers/own-data.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.datasets.dataset_files import SPLIT_WORDS, DatasetFiles, Split
from clarify_errors.arrays.datasets.importing.import_errors import BadSource
from clarify_errors.arrays.datasets.importing.listings import classes_said
from clarify_errors.arrays.datasets.importing.table_lines import csv_lines

COLUMNS = ("image", "split", "predicted")
NO_PREDICTION = -1


class PredictionsMissing(BadSource):
    """Some validation or test images have no prediction.

    Attributes
    ----------
    images : tuple of str
        Their names in the source.
    """

    def __init__(self, file: Path, images: Sequence[str], most: int = 10) -> None:
        more = f" and {len(images) - most} more" if len(images) > most else ""
        super().__init__(
            file,
            f"{len(images)} validation or test images have no prediction: {', '.join(images[:most])}{more}. "
            "Add them, or allow images to be missing: people are then not shown these",
        )
        self.images = tuple(images)


@dataclass(frozen=True)
class PredictionFile:
    """Predictions for the rows of a data set.

    Attributes
    ----------
    predictions : int32 ndarray of shape (n,)
        Class of each row; NO_PREDICTION if the file has no line for it.
    missing : tuple of str
        Names of the validation and test images without a prediction.
    """

    predictions: NDArray[np.int32]
    missing: tuple[str, ...]


def read_predictions(file: Path, dataset: DatasetFiles, allow_missing: bool = False) -> PredictionFile:
    """Read a CSV file with the columns `image`, `split` and `predicted`.

    `image` is the image's name in the source. `predicted` is a class name, or a class number from 0. Lines for train
    images are optional.

    Parameters
    ----------
    file : pathlib.Path
        UTF-8.
    dataset : DatasetFiles
    allow_missing : bool, default False
        Accept a file that lacks validation or test images.

    Returns
    -------
    PredictionFile

    Raises
    ------
    PredictionsMissing
        If validation or test images are missing, unless that is allowed.
    BadSource
        If the file cannot be read, or a line names an unknown image or class, another split than the data set's, or an
        image for the second time.
    """
    rows = {name: row for row, name in enumerate(dataset.filenames)}
    _, classes = classes_said(file, (), dataset.class_names)
    predictions = np.full(dataset.n_rows, NO_PREDICTION, dtype=np.int32)
    first_line: dict[int, int] = {}
    for line in csv_lines(file, COLUMNS):
        name, row = line.cells["image"], rows.get(line.cells["image"])
        if row is None:
            raise line.wrong(f"the data set has no image {name!r}")
        if row in first_line:
            raise line.wrong(f"the image {name!r} is already named in line {first_line[row]}")
        split = Split(dataset.splits[row])
        if SPLIT_WORDS.get(line.cells["split"]) != split:
            raise line.wrong(f"{name!r} is in the split {split.word!r}, not {line.cells['split']!r}")
        first_line[row] = line.number
        predictions[row] = line.one_of("predicted", classes)
    missing = _missing(dataset, predictions)
    if missing and not allow_missing:
        raise PredictionsMissing(file, missing)
    return PredictionFile(predictions, missing)


def _missing(dataset: DatasetFiles, predictions: NDArray[np.int32]) -> tuple[str, ...]:
    needed = (dataset.splits != Split.TRAIN) & (predictions == NO_PREDICTION)
    return tuple(dataset.filenames[row] for row in np.flatnonzero(needed))
