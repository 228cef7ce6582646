"""Standardised features of training images: in memory, or in a mapped file where they are large."""

import os
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.embeddings.standardization import Standardization, unit_blocks

IN_MEMORY = 1 << 29  # bytes; more lies in a file


class NoRoom(ModelingError):
    """The disk has no room for the standardised features, or cannot be written."""


def standardized(
    features: NDArray[np.floating], rows: NDArray[np.int64], directory: Path
) -> tuple[NDArray[np.float32], Standardization]:
    """Standardise training images by their own statistics, block by block.

    Parameters
    ----------
    features : float ndarray of shape (n, d)
        Of all images, as an encoder gives them; it may be memory-mapped.
    rows : int64 ndarray of shape (m,)
        The training images' rows.
    directory : pathlib.Path
        Where a large result lies, in a file without a name: it is gone when nobody uses it any more, however its
        process ends.

    Returns
    -------
    float32 ndarray of shape (m, d)
    Standardization

    Raises
    ------
    BadArray
        If there are no rows, or a row is zero or not finite.
    NoRoom
        If the result is large, and the directory's disk has no room for it or cannot be written.
    """
    standardization = Standardization.fit(features, rows)
    z = _empty((len(rows), features.shape[1]), directory)
    for block, unit in unit_blocks(features, rows):
        z[block] = standardization.of_unit_rows(unit)
    return z, standardization


def _empty(shape: tuple[int, int], directory: Path) -> NDArray[np.float32]:
    size = 4 * shape[0] * shape[1]
    if size <= IN_MEMORY:
        return np.empty(shape, np.float32)
    try:
        with tempfile.TemporaryFile(dir=directory) as file:
            if hasattr(os, "posix_fallocate"):  # else a disk that fills up later ends the process by a signal
                os.posix_fallocate(file.fileno(), 0, size)
            return np.asarray(np.memmap(file, np.float32, "r+", shape=shape))
    except OSError as error:
        raise NoRoom(
            f"Training needs {size / 1e9:.1f} GB on the disk of {directory} for standardised features, which cannot be "
            f"had ({error.strerror}). Free as much there"
        ) from error
