"""Writes that survive a power failure, with errors that say what to do."""

import errno
import fcntl
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.datasets.importing.import_errors import ImportRunning, StorageFailed


@contextmanager
def storing(path: Path, again: str = "run the same import again") -> Iterator[None]:
    """Turn an operating system error into StorageFailed, which says what to do.

    Parameters
    ----------
    path : pathlib.Path
        Named in the message.
    again : str
        What continues where it stopped, once there is space.

    Raises
    ------
    StorageFailed
        If the code inside raises OSError.
    """
    try:
        yield
    except OSError as error:
        advice = "make it writable, or choose another DATA_ROOT"
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            advice = f"free some space and {again}: it continues where it stopped"
        raise StorageFailed(f"{path} cannot be written: {error.strerror or error}; {advice}") from error


@contextmanager
def only_import(folder: Path, what: str = "import of this data set") -> Iterator[None]:
    """Create a folder and lock it against other processes.

    Parameters
    ----------
    folder : pathlib.Path
    what : str
        The work of whoever holds the lock, for the message.

    Raises
    ------
    ImportRunning
        If another process has the lock.
    StorageFailed
        If the folder or its lock file cannot be written.

    Notes
    -----
    The lock ends with the process, so an interrupted import leaves none behind.
    """
    with storing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / ".import.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise ImportRunning(f"{folder}: another {what} is running") from error
    try:
        yield
    finally:
        os.close(lock)


def write_file(path: Path, data: bytes) -> None:
    """Write a whole file; it is durable once `publish` has returned.

    Parameters
    ----------
    path : pathlib.Path
    data : bytes

    Raises
    ------
    StorageFailed
        If it cannot be written.
    """
    with storing(path):
        path.write_bytes(data)


def put_file(path: Path, data: bytes, new: Path | None = None) -> None:
    """Write a file whole or not at all, and make the folders above it.

    Parameters
    ----------
    path : pathlib.Path
    data : bytes
    new : pathlib.Path, optional
        Where it is written.

    Raises
    ------
    StorageFailed
        If it cannot be written.
    """
    new = new or path.with_suffix(".new")
    with storing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(data)
        new.replace(path)


def replace_durably(path: Path, data: bytes) -> None:
    """Replace a whole file; it is on the disk when this returns.

    A crash leaves the old file or the new one, never a part of it.

    Parameters
    ----------
    path : pathlib.Path
    data : bytes

    Raises
    ------
    StorageFailed
        If it cannot be written.
    """
    new = path.with_name(path.name + ".new")
    with storing(path):
        with new.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    sync_folder(path.parent)


def staging_folder(directory: Path) -> Path:
    """Return where a data set directory is made: a hidden folder beside it.

    Parameters
    ----------
    directory : pathlib.Path

    Returns
    -------
    pathlib.Path
    """
    return directory.with_name(f".partial-{directory.name}")


def publish(staging: Path, directory: Path) -> None:
    """Rename a finished folder once all of it is on the disk.

    Parameters
    ----------
    staging, directory : pathlib.Path
        Present and final name.

    Raises
    ------
    StorageFailed
        If it cannot be renamed.

    Notes
    -----
    One sync covers everything: syncing thousands of thumbnails one by one would take longer than embedding them.
    """
    with storing(directory):
        os.sync()
        staging.rename(directory)
    sync_folder(directory.parent)


def sync_folder(folder: Path) -> None:
    """Make the entries of a folder durable.

    Parameters
    ----------
    folder : pathlib.Path

    Raises
    ------
    StorageFailed
        If the folder cannot be synced.
    """
    with storing(folder):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def json_bytes(value: Mapping[str, Any] | list[Any]) -> bytes:
    """Encode a value as one line of JSON with sorted keys.

    Parameters
    ----------
    value : mapping or list

    Returns
    -------
    bytes
        ASCII.
    """
    return (json.dumps(value, sort_keys=True) + "\n").encode("ascii")


def json_list(values: Iterable[Any]) -> Iterator[bytes]:
    """Encode values as `json_bytes` does a list of them, one by one.

    Parameters
    ----------
    values : iterable

    Yields
    ------
    bytes
        ASCII.
    """
    before = "["
    for value in values:
        yield (before + json.dumps(value, sort_keys=True)).encode("ascii")
        before = ", "
    yield b"[]\n" if before == "[" else b"]\n"


def write_matrix(path: Path, dim: int, blocks: Iterable[NDArray[np.float32]]) -> None:
    """Write a float32 `.npy` file block by block; it is on the disk when this returns.

    Rows are written, not mapped into memory: on a full disk a write is an error, but a store into a map kills the
    process.

    Parameters
    ----------
    path : pathlib.Path
    dim : int
        Number of columns.
    blocks : iterable of float32 ndarray of shape (m, dim)

    Raises
    ------
    StorageFailed
        If it cannot be written.
    """
    n_rows = 0
    with storing(path), path.open("wb") as file:
        file.write(npy_header(np.dtype("<f4"), (0, dim)))
        for block in blocks:
            file.write(np.ascontiguousarray(block, "<f4").data)
            n_rows += len(block)
        file.seek(0)
        file.write(npy_header(np.dtype("<f4"), (n_rows, dim)))
        file.flush()
        os.fsync(file.fileno())


def npy_header(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    """Make the header of an `.npy` file, as NumPy does.

    Parameters
    ----------
    dtype : dtype
    shape : tuple of int
        NumPy leaves room for the number of rows to grow, so it does not change the length.

    Returns
    -------
    bytes
    """
    stream = io.BytesIO()
    fields = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, fields)
    return stream.getvalue()
