"""Lines of the tables that list images, or say something of them."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import shorten
from typing import NamedTuple, TypeVar

from clarify_errors.arrays.common.safe_text import MAX_MARKS, is_safe
from clarify_errors.arrays.datasets.importing.import_errors import BadSource, reading

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


def csv_lines(file: Path, columns: Sequence[str], others: Mapping[str, Sequence[str]] | None = None) -> Iterator[Line]:
    """Yield the rows of a CSV file; blank lines are skipped.

    Parameters
    ----------
    file : pathlib.Path
    columns : sequence of str
        That the header must have.
    others : mapping of str to sequence of str, optional
        Columns of other layouts, by what to do where the header has those instead.

    Yields
    ------
    Line

    Raises
    ------
    BadSource
        If the file cannot be read, is not a CSV file in UTF-8, lacks a column, or has a row of another length.
    """
    with reading(file), file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, strict=True)
        try:
            header = next(reader, [])
            require_columns(file, header, columns, others)
            for cells in filter(None, reader):
                yield line_of(file, reader.line_num, header, cells)
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
    with reading(file), file.open(encoding="utf-8") as stream:
        for number, text in enumerate(stream, 1):
            if cells := text.split():
                yield number, cells


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
        If a cell is not safe text, or the numbers of cells differ.
    """
    if not all(map(is_safe, cells)):
        raise BadSource(file, f"it has a NUL or more than {MAX_MARKS} combining marks in a row", number)
    if len(cells) != len(header):
        raise BadSource(file, f"it has {len(cells)} cells, but the header has {len(header)}", number)
    return Line(file, number, dict(zip(header, cells, strict=True)))


def require_columns(
    file: Path, header: Sequence[str], columns: Sequence[str], others: Mapping[str, Sequence[str]] | None = None
) -> None:
    """Check that a header has certain columns.

    Parameters
    ----------
    file : pathlib.Path
    header, columns : sequence of str
    others : mapping of str to sequence of str, optional
        Columns of other layouts, by what to do where the header has those instead.

    Raises
    ------
    BadSource
        If a column is missing; the message says which the header has, and what to do if just one of `others` fits.
    """
    missing = [column for column in columns if column not in header]
    if missing:
        has = "".join(filter(str.isprintable, ", ".join(header)))  # a NUL could not be stored
        has = f"it has {shorten(has, 200, placeholder=' …')}" if has else "its first line is empty"
        fitting = [advice for advice, theirs in (others or {}).items() if {*theirs} <= {*header}]
        instead = f". These are the columns of another layout: {fitting[0]}" if len(fitting) == 1 else ""
        raise BadSource(file, f"the header lacks {', '.join(missing)}; {has}{instead}", 1)
