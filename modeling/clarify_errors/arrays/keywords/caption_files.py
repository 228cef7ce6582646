"""Reading of files that bring captions: a CSV or JSON Lines file with a file name and a caption a row."""

import csv
import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clarify_errors.arrays.common.safe_text import MAX_MARKS, compose, is_safe
from clarify_errors.arrays.datasets.importing.import_errors import BadSource

NAMES, CAPTIONS = ("filename", "file_name", "file", "image"), ("caption", "text")
MAX_LENGTH = 2_000  # characters of a caption
_SHOWN = 60  # characters of a name in a sentence


@dataclass(frozen=True)
class CaptionFile:
    """Captions from a file.

    Attributes
    ----------
    captions : mapping of int to str
        By row of the data set.
    problems : tuple of str
        A sentence for each row that was left out.
    """

    captions: Mapping[int, str]
    problems: tuple[str, ...]


def read_caption_file(path: Path, filenames: Sequence[str]) -> CaptionFile:
    """Read captions of a data set's images.

    Parameters
    ----------
    path : pathlib.Path
        `.csv` with a header, or `.jsonl` with an object a line. The image is named in `filename` (or `file_name`,
        `file`, `image`), the caption in `caption` (or `text`).
    filenames : sequence of n str
        Of the data set. An image may also be named without its folder if no other has that name.

    Returns
    -------
    CaptionFile
        Of two captions of an image the first counts.

    Raises
    ------
    BadSource
        If the file cannot be read, is of another kind, or lacks a column.
    """
    rows = _places(filenames)
    captions: dict[int, str] = {}
    problems: list[str] = []
    for line, name, caption in _lines(path):
        problem = _problem(name, caption)
        row = None if problem else rows.get(name.removeprefix("./"), rows.get(Path(name).name))
        if row is None:
            problem = problem or "the data set has no image of this name"
        elif row in captions:
            problem = "this image has a caption already, and the first counts"
        if problem or row is None:
            problems.append(f"line {line}, {_shown(name)}: {problem}")
        else:
            captions[row] = tidy(caption)
    return CaptionFile(captions, tuple(problems))


def tidy(caption: str) -> str:
    """Return the stored form of a caption.

    Parameters
    ----------
    caption : str

    Returns
    -------
    str
        In Unicode's composed form, on one line, without control characters and what cannot be seen.

    Raises
    ------
    UnsafeText
        If it has more than 30 combining marks in a row.
    """
    line = " ".join(caption.split())
    return compose("".join(sign for sign in line if not unicodedata.category(sign).startswith("C"))).strip()


def _places(filenames: Sequence[str]) -> dict[str, int]:
    """Rows by file name, and by the name without its folder where only one image has it."""
    short: dict[str, int | None] = {}
    for row, name in enumerate(filenames):
        key = Path(name).name
        short[key] = None if key in short else row
    return {key: row for key, row in short.items() if row is not None} | {name: i for i, name in enumerate(filenames)}


def _problem(name: Any, caption: Any) -> str:
    if not isinstance(name, str) or not name.strip():
        return "no image is named"
    if not isinstance(caption, str):
        return "it has no caption"
    if not (is_safe(_readable(name)) and is_safe(_readable(caption))):
        return f"it has a NUL or more than {MAX_MARKS} combining marks in a row"
    if not tidy(_readable(caption)):
        return "it has no caption"
    if _readable(name) != name or _readable(caption) != caption:
        return "it is not UTF-8"
    if len(tidy(caption)) > MAX_LENGTH:
        return f"the caption is longer than {MAX_LENGTH:,} characters"
    return ""


def _readable(text: str) -> str:
    """The text without bytes that are no UTF-8, which reading made lone surrogates of."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _shown(name: Any) -> str:
    text = tidy(_readable(name)) if isinstance(name, str) and is_safe(_readable(name)) else ""
    return repr(text[:_SHOWN]) if text else "without a name"


def _lines(path: Path) -> Iterator[tuple[int, Any, Any]]:
    """Yield (line, name, caption) of each row that is not empty; what a row lacks is None."""
    readers = {".csv": _csv_lines, ".jsonl": _json_lines}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise BadSource(path, f"captions come in a file that ends in {' or '.join(readers)}")
    try:
        for line, fields in reader(path):
            name, caption = (next((fields[key] for key in known if key in fields), None) for known in (NAMES, CAPTIONS))
            yield line, name, caption
    except OSError as error:
        raise BadSource(path, str(error.strerror or error)) from error


def _csv_lines(path: Path) -> Iterator[tuple[int, Mapping[Any, Any]]]:
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
        reader = csv.DictReader(stream)
        reader.fieldnames = header = [cell.strip().lower() for cell in reader.fieldnames or ()]
        if not all({*known} & {*header} for known in (NAMES, CAPTIONS)):
            raise BadSource(path, "the header must have the columns filename and caption", 1)
        while True:
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error:
                fields = {}
            yield reader.line_num, fields


def _json_lines(path: Path) -> Iterator[tuple[int, Mapping[Any, Any]]]:
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as stream:
        for number, line in enumerate(stream, 1):
            if line.strip():
                try:
                    fields = json.loads(line)  # what is unsafe is told of its row
                except (ValueError, RecursionError):
                    fields = None
                yield number, fields if isinstance(fields, dict) else {}
