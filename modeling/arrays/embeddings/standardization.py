"""Features of a last layer: unit rows, then a z-score with the statistics of the training images (docs/methods.md)."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.common.modeling_errors import BadArray

# A dimension that varies less than this over the training images is only centred: dividing would blow up rounding.
LEAST_DEVIATION = 1e-6

# Rows this close to length 1 are left as they are, which makes `unit_rows` idempotent to the bit.
_UNIT_TOLERANCE = 1e-6


def unit_rows(x: NDArray[np.floating], what: str = "row") -> NDArray[np.float32]:
    """Scale each row to Euclidean length 1: float32[n, d] from float[n, d], computed in float32.

    Rows that have length 1 already, to within rounding, are kept bit for bit. what: the word for one of them.
    Raises BadArray for a row that is zero or not finite.
    """
    if x.ndim != 2 or not np.issubdtype(x.dtype, np.floating):
        raise BadArray(f"expected a matrix of {what}s in floats, not {x.dtype}{list(x.shape)}")
    with np.errstate(over="ignore"):  # what is too large for float32 becomes infinite, and is refused below
        rows = x.astype(np.float32, copy=False)
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))
    usable = np.isfinite(lengths) & (lengths > 0)
    if not usable.all():
        raise BadArray(f"{what} {int(np.argmin(usable))} is zero or not finite, so it has no direction")
    lengths[np.abs(lengths - 1) < _UNIT_TOLERANCE] = 1
    unit: NDArray[np.float32] = rows / lengths[:, None].astype(np.float32)
    return unit


@dataclass(frozen=True)
class Standardization:
    """The z-score of unit rows: mean and deviation are float32[d], and no deviation is below LEAST_DEVIATION."""

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.mean.ndim != 1 or self.mean.shape != self.deviation.shape:
            raise BadArray(f"mean {self.mean.shape} and deviation {self.deviation.shape} must be vectors of one length")
        if self.mean.dtype != np.float32 or self.deviation.dtype != np.float32:
            raise BadArray(f"mean and deviation must be float32, not {self.mean.dtype} and {self.deviation.dtype}")
        if not (np.isfinite(self.mean).all() and np.isfinite(self.deviation).all() and (self.deviation > 0).all()):
            raise BadArray("mean and deviation must be finite, and the deviation positive")

    @classmethod
    def fit(cls, features: NDArray[np.floating]) -> Self:
        """Take mean and population standard deviation of the unit rows of the training features, float[n, d].

        A deviation below LEAST_DEVIATION becomes 1. Raises BadArray as `unit_rows` does.
        """
        x = unit_rows(features)
        if not len(x):
            raise BadArray("there are no training features to standardise by")
        deviation = x.std(axis=0, dtype=np.float64)
        deviation[deviation < LEAST_DEVIATION] = 1
        return cls(x.mean(axis=0, dtype=np.float64).astype(np.float32), deviation.astype(np.float32))

    def apply(self, features: NDArray[np.floating]) -> NDArray[np.float32]:
        """Unit rows, z-scored: float32[n, d] from an encoder's features, float[n, d].

        A row's score does not depend on the other rows. Raises BadArray as `unit_rows` does, and for another d.
        """
        if features.ndim != 2 or features.shape[1] != len(self.mean):
            raise BadArray(f"features of shape {features.shape} do not have the {len(self.mean)} dimensions expected")
        return (unit_rows(features) - self.mean) / self.deviation
