"""From which similarity on two images are nearly the same: it follows from how alike different images are."""

import math

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.array_checks import check_finite_rows, check_one_length

COPIES_ABOVE = 0.9999  # no limit is higher: copies differ by rounding alone, which is some 1e-6, and 5e-5 in bfloat16
ALARMS = 0.01  # share of different images that lie above the limit
MIN_IMAGES = 20  # with fewer, quartiles say little
_LOG_EXPONENTIAL = tuple(math.log(-math.log1p(-share)) for share in (0.25, 0.75, ALARMS))  # its quantiles


def duplicate_limit(nearest: NDArray[np.float32]) -> float:
    """Return the similarity above which two images are near-duplicates.

    Parameters
    ----------
    nearest : float32 ndarray of shape (k,)
        Similarity of each of k images to the most similar other image of their data set, in [-1, 1].

    Returns
    -------
    float
        In [0, COPIES_ABOVE], with six decimals. COPIES_ABOVE if fewer than MIN_IMAGES have no copy.

    Raises
    ------
    BadArray
        If there is another number of dimensions, or a value that is not finite.

    Notes
    -----
    Let s be the similarity of an image to its nearest other one. If images lie independently, with a density that is
    constant near each, in m dimensions, the share of images with 1 - s < x is 1 - exp(-c x^(m/2)): the distance to the
    nearest point of a Poisson process. So log(1 - s) is the logarithm of an exponential variable up to location (the
    density) and scale (the dimension). The quartiles of log(1 - s) give both; the limit is where the distribution's
    ALARMS-quantile lies. It therefore needs no number that was chosen for one encoder.

    Quartiles are hardly moved by near-duplicates that the data set has itself, so they do not hide each other, as they
    would below a quantile of s. Copies, those above COPIES_ABOVE, are left out before. Where some images lie denser
    than others, log(1 - s) is wider than assumed, and fewer images than ALARMS are taken for near-duplicates.

    Examples
    --------
    >>> nearest = np.linspace(0.5, 0.9, 41, dtype=np.float32)
    >>> duplicate_limit(nearest)
    0.954404
    >>> duplicate_limit(nearest[:10])
    0.9999
    """
    check_one_length(nearest=nearest)
    check_finite_rows(nearest[:, None], "similarities")
    different = nearest[nearest <= np.float32(COPIES_ABOVE)].astype(np.float64)
    if len(different) < MIN_IMAGES:
        return COPIES_ABOVE
    low, high = np.quantile(np.log1p(-different), (0.25, 0.75))
    first, third, rare = _LOG_EXPONENTIAL
    distance = math.exp(low - (high - low) * (first - rare) / (third - first))
    return round(min(max(1 - distance, 0.0), COPIES_ABOVE), 6)
