"""The images of an import, in a table on the disk: as many as there are, in the memory of a few."""

import json
import sqlite3
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from clarify_errors.arrays.common.steps import step_done
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.datasets.importing.import_errors import StorageFailed

_CACHE_KIB = 2**15  # of memory, whatever the number of images
_ROWS_A_STEP = 2**12  # a step of so many takes some hundredths of a second
_TABLE = """
CREATE TABLE images (
    name BLOB, split INTEGER, label INTEGER, attribute INTEGER, place INTEGER, note TEXT, pictured INTEGER,
    sha256 TEXT, reason TEXT, detail TEXT, PRIMARY KEY (label, split, name)
) WITHOUT ROWID;
CREATE UNIQUE INDEX names ON images (name);
"""
_ALL = "SELECT name, split, label, attribute, place, note, pictured, sha256 FROM images"
_WHERE = "FROM images WHERE"
KEPT = "reason IS NULL"  # conditions of `select`
PICTURED = "pictured"
SHOWN = f"{PICTURED} AND {KEPT}"
NOTED = f"note NOT NULL AND {KEPT}"
UNPICTURED = f"NOT {PICTURED} AND {KEPT}"
REPEATED = "sha256 IN (SELECT sha256 FROM images WHERE sha256 NOT NULL GROUP BY sha256 HAVING COUNT(*) > 1)"
IN_ROW_ORDER = "label, split, name"
BY_BYTES = f"sha256, {IN_ROW_ORDER}"
SCATTERED = "place * 40503 % 65537"  # so that the first ones are of many classes


class ListedImage(NamedTuple):
    """One listed image.

    Attributes
    ----------
    filename : str
        Relative to the source's root, with "/".
    split : Split
    label : int
    attribute : int or None
        None without groups.
    place : int
        Its line in the table that lists it, or its row among embeddings that are there; else 0.
    note : mapping or None
        Of an image of a pool: source, licence and whether it is unsafe.
    pictured : bool
        Whether the image itself is read.
    sha256 : str or None
        Of its bytes, 64 hex digits; None if they cannot be read.
    """

    filename: str
    split: Split
    label: int
    attribute: int | None = None
    place: int = 0
    note: Mapping[str, Any] | None = None
    pictured: bool = True
    sha256: str | None = None

    def left_out(self, reason: str, detail: str) -> "LeftOut":
        """Make the report's line for this image.

        Parameters
        ----------
        reason, detail : str

        Returns
        -------
        LeftOut
        """
        return LeftOut(self.filename, self.split.word, reason, detail)


class LeftOut(NamedTuple):
    """A line of the report: an image that is not in the data set, and why.

    Attributes
    ----------
    filename, split, reason, detail : str
    """

    filename: str
    split: str
    reason: str
    detail: str


class ListedImages:
    """Listed images and what an import finds of them.

    SQLite keeps them in a temporary file without a name.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", check_same_thread=False)  # any thread may be the one that closes it
        self._n_rows = 0
        weakref.finalize(self, self._database.close)
        self._database.executescript(f"PRAGMA journal_mode = OFF; PRAGMA cache_size = -{_CACHE_KIB}; {_TABLE}")

    def __len__(self) -> int:
        return self.count("TRUE")

    def __iter__(self) -> Iterator[ListedImage]:
        """Yield all images in row order: by label, split and file name."""
        return self.select("TRUE")

    def add(self, image: ListedImage) -> ListedImage | None:
        """Add an image, unless one of its name is there.

        Parameters
        ----------
        image : ListedImage

        Returns
        -------
        ListedImage or None
            The one that is there.
        """
        note = None if image.note is None else json.dumps(image.note, sort_keys=True)
        row = (_stored(image.filename), *image[1:5], note, image.pictured, None, None, None)
        if self._change("INSERT OR IGNORE INTO images VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [row]):
            return None
        return _image(*next(self._rows(f"{_ALL} WHERE name = ?", row[:1])))

    def count(self, condition: str) -> int:
        """Count images.

        Parameters
        ----------
        condition : str
            One of this module.

        Returns
        -------
        int
        """
        return int(next(self._rows(f"SELECT COUNT(*) {_WHERE} {condition}"))[0])

    def select(self, condition: str = KEPT, order: str = IN_ROW_ORDER) -> Iterator[ListedImage]:
        """Yield images.

        What is stored of those that were yielded does not change which others come.

        Parameters
        ----------
        condition, order : str
            Of this module. Default: all that are not left out, in row order.

        Yields
        ------
        ListedImage
        """
        for row in self._rows(f"{_ALL} WHERE {condition} ORDER BY {order}"):
            yield _image(*row)

    def column(self, name: str, dtype: DTypeLike) -> NDArray[Any]:
        """Return a number of each image that is not left out.

        Parameters
        ----------
        name : str
            Of an attribute of `ListedImage`.
        dtype : dtype
            Of the numbers.

        Returns
        -------
        ndarray of shape (n,)
            In row order.
        """
        rows = self._rows(f"SELECT {name} {_WHERE} {KEPT} ORDER BY {IN_ROW_ORDER}")
        return np.fromiter((value for (value,) in rows), dtype, self.count(KEPT))

    def note(self, notes: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Store notes; those of images that are not listed are passed over.

        Parameters
        ----------
        notes : iterable of (str, mapping)
            By file name.
        """
        rows = ((json.dumps(note, sort_keys=True), _stored(filename)) for filename, note in notes)
        self._change("UPDATE images SET note = ? WHERE name = ?", rows)

    def begin(self) -> None:
        """Forget what an earlier import found."""
        self._change("UPDATE images SET sha256 = NULL, reason = NULL, detail = NULL", [()])

    def read_none(self) -> None:
        """Say that no image itself is read."""
        self._change("UPDATE images SET pictured = FALSE", [()])

    def store_digests(self, digests: Iterable[tuple[ListedImage, str | None]]) -> None:
        """Store the digests of images.

        Parameters
        ----------
        digests : iterable of (ListedImage, str or None)
        """
        rows = ((sha256, _stored(image.filename)) for image, sha256 in digests)
        self._change("UPDATE images SET sha256 = ? WHERE name = ?", rows)

    def leave_out(self, lines: Iterable[LeftOut]) -> None:
        """Leave images out.

        Parameters
        ----------
        lines : iterable of LeftOut
        """
        rows = ((line.reason, line.detail, _stored(line.filename)) for line in lines)
        self._change("UPDATE images SET reason = ?, detail = ? WHERE name = ?", rows)

    def left_out(self) -> Iterator[LeftOut]:
        """Yield the images that are left out, by file name.

        Yields
        ------
        LeftOut
        """
        query = "SELECT name, split, reason, detail FROM images WHERE reason NOT NULL ORDER BY name"
        for name, split, *why in self._rows(query):
            yield LeftOut(_read(name), Split(split).word, *why)

    def _rows(self, query: str, values: Iterable[Any] = ()) -> Iterator[tuple[Any, ...]]:
        with _storing():
            for row in self._database.execute(query, tuple(values)):
                self._step()
                yield row

    def _change(self, query: str, rows: Iterable[tuple[Any, ...]]) -> int:
        self._step()
        with _storing():
            return self._database.executemany(query, rows).rowcount

    def _step(self) -> None:
        self._n_rows += 1
        if self._n_rows % _ROWS_A_STEP == 0:
            step_done()


@contextmanager
def _storing() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        advice = "free some space for temporary files (TMPDIR), and run the same import again"
        raise StorageFailed(f"the list of images cannot be stored: {error}; {advice}") from error


def _stored(filename: str) -> bytes:
    """Encode a name, which may be no UTF-8, so that bytes have the order of names."""
    return filename.encode("utf-8", "surrogatepass")


def _read(name: bytes) -> str:
    return name.decode("utf-8", "surrogatepass")


def _image(name: bytes, split: int, *others: Any) -> ListedImage:
    label, attribute, place, note, pictured, sha256 = others
    said = None if note is None else json.loads(note)
    return ListedImage(_read(name), Split(split), label, attribute, place, said, bool(pictured), sha256)
