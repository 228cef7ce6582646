"""Writes that survive a power cut, and say plainly why they cannot be made."""

import errno
import fcntl
import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.datasets.importing.import_errors import ImportRunning, StorageFailed


@contextmanager
def storing(path: Path) -> Iterator[None]:
    """Turns an operating system error into StorageFailed, which says what to do."""
    try:
        yield
    except OSError as error:
        advice = "make it writable, or choose another DATA_ROOT"
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            advice = "make room and run the same import again: it continues where it stopped"
        raise StorageFailed(f"{path} cannot be written: {error.strerror or error}; {advice}") from error


@contextmanager
def only_import(folder: Path) -> Iterator[None]:
    """Makes the folder and holds it against other processes. Raises ImportRunning where another one holds it.

    The lock ends with the process, so a killed import leaves none behind.
    """
    with storing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / ".import.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise ImportRunning(f"{folder}: another import of this data set is running") from error
    try:
        yield
    finally:
        os.close(lock)


def write_file(path: Path, data: bytes) -> None:
    """The whole file; durable once `publish` has returned."""
    with storing(path):
        path.write_bytes(data)


def replace_durably(path: Path, data: bytes) -> None:
    """The whole file, on the disk when this returns; a crash leaves the old file or the new one, never a part."""
    new = path.with_name(path.name + ".new")
    with storing(path):
        with new.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    sync_folder(path.parent)


def publish(staging: Path, directory: Path) -> None:
    """Gives a finished folder its name, once all of it is on the disk.

    One sync of everything: thousands of thumbnails synced one by one would take longer than to embed them.
    """
    with storing(directory):
        os.sync()
        staging.rename(directory)
    sync_folder(directory.parent)


def sync_folder(folder: Path) -> None:
    """Makes the folder's entries durable: a new or renamed file is found after a power cut."""
    with storing(folder):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def json_bytes(value: Mapping[str, Any] | list[Any]) -> bytes:
    return (json.dumps(value, sort_keys=True) + "\n").encode("ascii")


class RowFile:
    """A float32 `.npy` file that grows row by row.

    Plain writes, not a memory map: on a full disk a write is an error, a store into a map kills the process.
    """

    def __init__(self, path: Path, dim: int) -> None:
        self.path = path
        self.dim = dim

    def write(self, first_row: int, rows: NDArray[np.float32]) -> None:
        """Puts float32[m, dim] at `first_row`, on the disk when this returns."""
        with storing(self.path):
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o644)
            with os.fdopen(handle, "wb") as file:
                file.seek(len(self._header(0)) + first_row * self.dim * 4)
                file.write(np.ascontiguousarray(rows, "<f4").tobytes())
                file.flush()
                os.fsync(file.fileno())

    def finish(self, n_rows: int) -> None:
        """Cuts the file to its rows and writes the header."""
        with storing(self.path), self.path.open("r+b") as file:
            header = self._header(n_rows)
            file.write(header)
            file.truncate(len(header) + n_rows * self.dim * 4)
            file.flush()
            os.fsync(file.fileno())

    def _header(self, n_rows: int) -> bytes:
        """NumPy leaves room for the number of rows to grow, so that the length depends on `dim` alone."""
        stream = io.BytesIO()
        fields = {"descr": "<f4", "fortran_order": False, "shape": (n_rows, self.dim)}
        np.lib.format.write_array_header_1_0(stream, fields)
        return stream.getvalue()
