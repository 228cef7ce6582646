"""Predictions of any classifier from a CSV file, with one line per image (docs/own-data.md)."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.common.modeling_errors import ModelingError
from modeling.arrays.datasets.dataset_files import SPLIT_WORDS, DatasetFiles, Split

COLUMNS = ("image", "split", "predicted")
NO_PREDICTION = -1


class BadPredictions(ModelingError):
    """A file of predictions does not fit the data set; the message says where."""


class PredictionsMissing(BadPredictions):
    """Some validation or test images have no prediction.

    Attributes
    ----------
    images : tuple of str
        Their names in the source.
    """

    def __init__(self, file: Path, images: Sequence[str], most: int = 10) -> None:
        more = f" and {len(images) - most} more" if len(images) > most else ""
        super().__init__(
            f"{file}: {len(images)} validation or test images have no prediction: {', '.join(images[:most])}{more}. "
            "Add them, or allow images to be missing: people are then not shown these"
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
    BadPredictions
        If the file cannot be read, or a line names an unknown image or class, another split than the data set's, or an
        image for the second time.
    """
    rows = {name: row for row, name in enumerate(dataset.filenames)}
    classes = _class_numbers(dataset.class_names)
    predictions = np.full(dataset.n_rows, NO_PREDICTION, dtype=np.int32)
    first_line: dict[int, int] = {}
    for line, cells in _lines(file):
        row = rows.get(cells["image"])
        if row is None:
            raise _wrong(file, line, f"the data set has no image {cells['image']!r}")
        if row in first_line:
            raise _wrong(file, line, f"the image {cells['image']!r} is already named in line {first_line[row]}")
        split = Split(dataset.splits[row])
        if SPLIT_WORDS.get(cells["split"]) != split:
            raise _wrong(file, line, f"{cells['image']!r} is in the split {split.word!r}, not {cells['split']!r}")
        if cells["predicted"] not in classes:
            raise _wrong(file, line, f"{cells['predicted']!r} is not one of the classes {', '.join(classes)}")
        first_line[row] = line
        predictions[row] = classes[cells["predicted"]]
    missing = _missing(dataset, predictions)
    if missing and not allow_missing:
        raise PredictionsMissing(file, missing)
    return PredictionFile(predictions, missing)


def _class_numbers(class_names: Sequence[str]) -> dict[str, int]:
    """Map what may stand for a class, its name or its number from 0; a name that reads as a number wins."""
    return {str(label): label for label in range(len(class_names))} | {
        name: label for label, name in enumerate(class_names)
    }


def _missing(dataset: DatasetFiles, predictions: NDArray[np.int32]) -> tuple[str, ...]:
    needed = (dataset.splits != Split.TRAIN) & (predictions == NO_PREDICTION)
    return tuple(dataset.filenames[row] for row in np.flatnonzero(needed))


def _lines(file: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield line numbers and the cells of COLUMNS; a header comes first, and blank lines are skipped."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            absent = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
            if absent:
                raise _wrong(file, 1, f"the header lacks {', '.join(absent)}; it must name {', '.join(COLUMNS)}")
            for cells in reader:
                if None in cells or None in cells.values():
                    raise _wrong(file, reader.line_num, "the line has more or fewer cells than the header")
                yield reader.line_num, cells
    except OSError as error:
        raise BadPredictions(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadPredictions(f"{file} is not UTF-8: {error.reason}") from error
    except csv.Error as error:
        raise BadPredictions(f"{file} is not a CSV file: {error}") from error


def _wrong(file: Path, line: int, what: str) -> BadPredictions:
    return BadPredictions(f"{file}, line {line}: {what}")
