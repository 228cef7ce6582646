"""The lines of a listing: cells by column, each line with its file and number, so that an error can name them."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from modeling.arrays.datasets.importing.import_errors import BadSource

Value = TypeVar("Value")


class Line(NamedTuple):
    """One row of a listing: where it stands, and its cells by column."""

    file: Path
    number: int
    cells: Mapping[str, str]

    def wrong(self, what: str) -> BadSource:
        """The error that says what is wrong with this line."""
        return BadSource(self.file, what, self.number)

    def one_of(self, column: str, known: Mapping[str, Value]) -> Value:
        """What a cell stands for. Raises BadSource where it is not known."""
        value = self.cells[column]
        if value not in known:
            raise self.wrong(f"{column} is {value!r}, not one of {', '.join(known)}")
        return known[value]


def csv_lines(file: Path, columns: Sequence[str]) -> Iterator[Line]:
    """The rows of a CSV file with at least these columns; blank lines are passed over. Raises BadSource."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = next(reader, [])
            require_columns(file, header, columns)
            for cells in filter(None, reader):
                yield line_of(file, reader.line_num, header, cells)
    except OSError as error:
        raise BadSource(file, str(error.strerror)) from error
    except UnicodeDecodeError as error:
        raise BadSource(file, f"it is not UTF-8: {error.reason}") from error
    except csv.Error as error:
        raise BadSource(file, f"it is not a CSV file: {error}", reader.line_num) from error


def word_lines(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Line numbers and the words of each line that is not blank. Raises BadSource."""
    try:
        with file.open(encoding="utf-8") as stream:
            for number, text in enumerate(stream, 1):
                if cells := text.split():
                    yield number, cells
    except OSError as error:
        raise BadSource(file, str(error.strerror)) from error
    except UnicodeDecodeError as error:
        raise BadSource(file, f"it is not UTF-8: {error.reason}") from error


def line_of(file: Path, number: int, header: Sequence[str], cells: Sequence[str]) -> Line:
    """The line that these cells make. Raises BadSource where they are not as many as the header's."""
    if len(cells) != len(header):
        raise BadSource(file, f"it has {len(cells)} cells, the header {len(header)}", number)
    return Line(file, number, dict(zip(header, cells, strict=True)))


def require_columns(file: Path, header: Sequence[str], columns: Sequence[str]) -> None:
    """Raise BadSource where the header lacks one of the columns."""
    missing = [column for column in columns if column not in header]
    if missing:
        raise BadSource(file, f"the column {', '.join(missing)} is missing", 1)
