"""Lines of a listing: cells by column, with file and line number for error messages."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from modeling.arrays.datasets.importing.import_errors import BadSource

Value = TypeVar("Value")


class Line(NamedTuple):
    """One row of a listing.

    Attributes
    ----------
    file : pathlib.Path
    number : int
        Line number in the file.
    cells : mapping of str to str
        By column.
    """

    file: Path
    number: int
    cells: Mapping[str, str]

    def wrong(self, what: str) -> BadSource:
        """Make the error for this line.

        Parameters
        ----------
        what : str

        Returns
        -------
        BadSource
        """
        return BadSource(self.file, what, self.number)

    def one_of(self, column: str, known: Mapping[str, Value]) -> Value:
        """Look up what a cell stands for.

        Parameters
        ----------
        column : str
        known : mapping of str to any value

        Returns
        -------
        value of `known`

        Raises
        ------
        BadSource
            If the cell is not among the known ones.
        """
        value = self.cells[column]
        if value not in known:
            raise self.wrong(f"{column} is {value!r}, not one of {', '.join(known)}")
        return known[value]


def csv_lines(file: Path, columns: Sequence[str]) -> Iterator[Line]:
    """Yield the rows of a CSV file; blank lines are skipped.

    Parameters
    ----------
    file : pathlib.Path
    columns : sequence of str
        That the header must have.

    Yields
    ------
    Line

    Raises
    ------
    BadSource
        If the file cannot be read, is not a CSV file in UTF-8, lacks a column, or has a row of another length.
    """
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
    """Yield the words of each line that is not blank.

    Parameters
    ----------
    file : pathlib.Path

    Yields
    ------
    number : int
        Line number.
    words : list of str

    Raises
    ------
    BadSource
        If the file cannot be read or is not UTF-8.
    """
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
    """Make a line from its cells.

    Parameters
    ----------
    file : pathlib.Path
    number : int
    header, cells : sequence of str

    Returns
    -------
    Line

    Raises
    ------
    BadSource
        If the numbers of cells differ.
    """
    if len(cells) != len(header):
        raise BadSource(file, f"it has {len(cells)} cells, but the header has {len(header)}", number)
    return Line(file, number, dict(zip(header, cells, strict=True)))


def require_columns(file: Path, header: Sequence[str], columns: Sequence[str]) -> None:
    """Check that a header has certain columns.

    Parameters
    ----------
    file : pathlib.Path
    header, columns : sequence of str

    Raises
    ------
    BadSource
        If a column is missing.
    """
    missing = [column for column in columns if column not in header]
    if missing:
        raise BadSource(file, f"the header lacks {', '.join(missing)}", 1)
