"""Features of a last layer: unit rows, then a z-score with the statistics of the training images.

See docs/analysts/methods.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.common.steps import step_done

# A dimension that varies less than this over the training images is only centred: dividing would blow up rounding.
MIN_DEVIATION = 1e-6

# Rows this close to length 1 are left as they are, which makes `unit_rows` idempotent to the bit.
_UNIT_TOLERANCE = 1e-6

ROWS_AT_ONCE = 4096  # what is computed from many rows needs little memory beside them


def unit_rows(x: NDArray[np.floating], what: str = "row", first: int = 0) -> NDArray[np.float32]:
    """Scale each row to Euclidean length 1.

    Parameters
    ----------
    x : float ndarray of shape (n, d)
    what : str, default "row"
        Word for one row in error messages.
    first : int, default 0
        Number of the first row in error messages.

    Returns
    -------
    float32 ndarray of shape (n, d)
        Computed in float32. A row that has length 1 already, up to rounding, is kept bit for bit.

    Raises
    ------
    BadArray
        If `x` is not a float matrix, or a row is zero or not finite.
    """
    _check_matrix(x, what)
    with np.errstate(over="ignore"):  # values too large for float32 become infinite and are rejected below
        rows = x.astype(np.float32, copy=False)
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))
    usable = np.isfinite(lengths) & (lengths > 0)
    if not usable.all():
        raise BadArray(f"{what} {first + int(np.argmin(usable))} is zero or not finite, so it has no direction")
    lengths[np.abs(lengths - 1) < _UNIT_TOLERANCE] = 1
    unit: NDArray[np.float32] = rows / lengths[:, None].astype(np.float32)
    return unit


def unit_blocks(
    x: NDArray[np.floating], rows: NDArray[np.int64] | None = None
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Scale rows to Euclidean length 1, block by block.

    Each block is a step (`clarify_errors.arrays.common.steps`).

    Parameters
    ----------
    x : float ndarray of shape (n, d)
    rows : int64 ndarray of shape (m,), optional
        Which rows; default: all.

    Yields
    ------
    slice
        Of the m rows.
    float32 ndarray of shape (at most ROWS_AT_ONCE, d)

    Raises
    ------
    BadArray
        As `unit_rows` does.
    """
    _check_matrix(x, "row")
    for start in range(0, len(x if rows is None else rows), ROWS_AT_ONCE):
        block = slice(start, start + ROWS_AT_ONCE)
        yield block, unit_rows(x[block if rows is None else rows[block]], first=start)
        step_done()


def _check_matrix(x: NDArray[np.floating], what: str) -> None:
    if x.ndim != 2 or not np.issubdtype(x.dtype, np.floating):
        raise BadArray(f"expected a matrix of {what}s in floats, not {x.dtype}{list(x.shape)}")


@dataclass(frozen=True)
class Standardization:
    """z-score of unit rows.

    Attributes
    ----------
    mean : float32 ndarray of shape (d,)
    deviation : float32 ndarray of shape (d,)
        Positive; at least MIN_DEVIATION if it comes from `fit`.

    Raises
    ------
    BadArray
        If shapes, types or values are invalid.
    """

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.mean.ndim != 1 or self.mean.shape != self.deviation.shape:
            raise BadArray(
                f"mean {self.mean.shape} and deviation {self.deviation.shape} must be vectors of the same length"
            )
        if self.mean.dtype != np.float32 or self.deviation.dtype != np.float32:
            raise BadArray(f"mean and deviation must be float32, not {self.mean.dtype} and {self.deviation.dtype}")
        if not (np.isfinite(self.mean).all() and np.isfinite(self.deviation).all() and (self.deviation > 0).all()):
            raise BadArray("mean and deviation must be finite, and the deviation positive")

    @classmethod
    def fit(cls, features: NDArray[np.floating], rows: NDArray[np.int64] | None = None) -> Self:
        """Fit mean and population standard deviation of the training images' unit rows.

        Parameters
        ----------
        features : float ndarray of shape (n, d)
            n ≥ 1.
        rows : int64 ndarray of shape (m,), optional
            The training images' rows; default: all.

        Returns
        -------
        Standardization
            A deviation below MIN_DEVIATION becomes 1.

        Raises
        ------
        BadArray
            If there are no rows, or a row is zero or not finite.
        """
        n, mean, squares = 0, np.zeros(1), np.zeros(1)
        for _, x in unit_blocks(features, rows):  # the moments of two parts give those of both (Chan et al. 1983)
            m, of_block = len(x), x.mean(axis=0, dtype=np.float64)
            apart = of_block - mean
            mean = mean + apart * (m / (n + m))
            squares = squares + x.var(axis=0, dtype=np.float64) * m + apart**2 * (n * m / (n + m))
            n += m
        if not n:
            raise BadArray("there are no training features to standardise by")
        deviation = np.sqrt(squares / n)
        deviation[deviation < MIN_DEVIATION] = 1
        return cls(mean.astype(np.float32), deviation.astype(np.float32))

    def apply(self, features: NDArray[np.floating]) -> NDArray[np.float32]:
        """Scale rows to length 1 and apply the z-score.

        Parameters
        ----------
        features : float ndarray of shape (n, d)
            Raw features of an encoder.

        Returns
        -------
        float32 ndarray of shape (n, d)
            A row's values do not depend on the other rows.

        Raises
        ------
        BadArray
            If d differs, or a row is zero or not finite.
        """
        return self.of_unit_rows(unit_rows(features))

    def of_unit_rows(self, unit: NDArray[np.float32]) -> NDArray[np.float32]:
        """Apply the z-score to rows of length 1.

        Parameters
        ----------
        unit : float32 ndarray of shape (n, d)

        Returns
        -------
        float32 ndarray of shape (n, d)

        Raises
        ------
        BadArray
            If d differs.
        """
        if unit.shape[1] != len(self.mean):
            raise BadArray(f"features of shape {unit.shape} do not have the {len(self.mean)} dimensions expected")
        return (unit - self.mean) / self.deviation
