"""Data set directories that are made of rows which are embedded already: embeddings of others, and gathered images."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.datasets.dataset_files import ArrayEntry, file_sha256, open_dataset
from modeling.arrays.datasets.importing.partial import staging_folder
from modeling.arrays.datasets.importing.row_files import Described, Rows, write_rows
from modeling.arrays.datasets.importing.storage import RowFile, only_import, publish, storing

_BLOCK = 2**15  # rows that are written at once

Blocks = Callable[[slice], NDArray[np.float32]]  # some of an array's rows, in the order of the data set


def assemble(
    directory: Path,
    described: Described,
    rows: Rows,
    arrays: Mapping[str, tuple[Blocks, int, Mapping[str, Any] | None]],
    place_thumbnails: Callable[[Path], None] | None = None,
) -> Path:
    """Write a data set directory of rows that are there, whole or not at all.

    Parameters
    ----------
    directory : pathlib.Path
        One that exists is checked and left as it is.
    described : Described
        Its arrays and encoders are replaced.
    rows : Rows
        In the order of a data set.
    arrays : mapping of str to tuple
        By name: rows of a slice, their dimension, and the description of their encoder. `features` is `similarity`
        unless it is given.
    place_thumbnails : callable, optional
        Puts the thumbnails of all rows into a folder.

    Returns
    -------
    pathlib.Path
        The directory.

    Raises
    ------
    BadDataset
        If an existing directory is damaged.
    StorageFailed
        If something cannot be written.
    """
    with only_import(directory.parent):
        if directory.exists():
            open_dataset(directory)
            return directory
        staging = staging_folder(directory)
        with storing(staging):
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir(parents=True)
        entries = {name: _write(staging, name, len(rows.filenames), *array) for name, array in arrays.items()}
        if place_thumbnails:
            with storing(staging):
                place_thumbnails(staging)
        encoders = {name: encoder for name, (_, _, encoder) in arrays.items() if encoder is not None}
        entries = {"features": entries["similarity"], **entries}
        write_rows(staging, replace(described, arrays=entries, encoders=encoders), rows, [])
        publish(staging, directory)
    return directory


def _write(
    folder: Path, name: str, n_rows: int, rows: Blocks, dim: int, encoder: Mapping[str, Any] | None
) -> ArrayEntry:
    file = RowFile(folder / f"{name}.npy", dim)
    for start in range(0, n_rows, _BLOCK):
        file.write(start, rows(slice(start, min(start + _BLOCK, n_rows))))
    file.finish(n_rows)
    return ArrayEntry(file.path.name, dim, file_sha256(file.path), name if encoder is not None else None, None)
