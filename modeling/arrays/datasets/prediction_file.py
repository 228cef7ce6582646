"""Reads the predictions of any classifier from a CSV file, one line per image (docs/own-data.md)."""

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
    """A file of predictions does not fit the data set; the message names the file and, where there is one, the line."""

    code = "bad_predictions"


class PredictionsMissing(BadPredictions):
    """Some validation or test images have no prediction; `images` names them."""

    code = "predictions_missing"

    def __init__(self, file: Path, images: Sequence[str], most: int = 10) -> None:
        more = f" and {len(images) - most} more" if len(images) > most else ""
        super().__init__(
            f"{file}: {len(images)} validation or test images have no prediction: {', '.join(images[:most])}{more}. "
            "Add them, or allow images to be missing: those are then not shown"
        )
        self.images = tuple(images)


@dataclass(frozen=True)
class PredictionFile:
    """predictions: the class of each row of the data set, int32[n], NO_PREDICTION where the file has no line for it.

    missing: names of the validation and test images without one.
    """

    predictions: NDArray[np.int32]
    missing: tuple[str, ...]


def read_predictions(file: Path, dataset: DatasetFiles, allow_missing: bool = False) -> PredictionFile:
    """Read a CSV file with the columns `image` (the name in the source), `split` and `predicted`.

    `predicted` is a class's name, or its number from 0. Lines for train images are kept, but need not be there. Raises
    PredictionsMissing unless `allow_missing`, and BadPredictions with the line for an image that the data set lacks,
    another split than the data set's, an unknown class, or an image named twice.
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
            raise _wrong(file, line, f"the image {cells['image']!r} was already named in line {first_line[row]}")
        split = Split(dataset.splits[row])
        if SPLIT_WORDS.get(cells["split"]) != split:
            raise _wrong(file, line, f"{cells['image']!r} is a {split.word} image, not of the split {cells['split']!r}")
        if cells["predicted"] not in classes:
            raise _wrong(file, line, f"{cells['predicted']!r} is not one of the classes {', '.join(classes)}")
        first_line[row] = line
        predictions[row] = classes[cells["predicted"]]
    missing = _missing(dataset, predictions)
    if missing and not allow_missing:
        raise PredictionsMissing(file, missing)
    return PredictionFile(predictions, missing)


def _class_numbers(class_names: Sequence[str]) -> dict[str, int]:
    """What may stand for a class: its name or its number from 0; where a name reads as a number, the name wins."""
    return {str(label): label for label in range(len(class_names))} | {
        name: label for label, name in enumerate(class_names)
    }


def _missing(dataset: DatasetFiles, predictions: NDArray[np.int32]) -> tuple[str, ...]:
    needed = (dataset.splits != Split.TRAIN) & (predictions == NO_PREDICTION)
    return tuple(dataset.filenames[row] for row in np.flatnonzero(needed))


def _lines(file: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Line numbers and the cells of COLUMNS; a header comes first, blank lines are passed over."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            absent = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
            if absent:
                raise _wrong(file, 1, f"the header lacks {', '.join(absent)}: it must name {', '.join(COLUMNS)}")
            for cells in reader:
                if None in cells or None in cells.values():
                    raise _wrong(file, reader.line_num, "it has more or fewer cells than the header")
                yield reader.line_num, cells
    except OSError as error:
        raise BadPredictions(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadPredictions(f"{file}: it is not UTF-8: {error.reason}") from error
    except csv.Error as error:
        raise BadPredictions(f"{file}: it is not a CSV file: {error}") from error


def _wrong(file: Path, line: int, what: str) -> BadPredictions:
    return BadPredictions(f"{file}, line {line}: {what}")
