"""The control of a retraining: the same class weights without any phrase.

See docs/analysts/methods.md, section on own gain.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.array_checks import check_choice, check_one_length, checked_ids
from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.retraining.slices import DEFAULT_SCHEME, SCHEMES, SliceSizes


def control_weights(
    labels: NDArray[np.integer], target_class: int | Iterable[int], scheme: str = DEFAULT_SCHEME
) -> NDArray[np.float64]:
    """Spread each class's weight in a retraining evenly over its images.

    Parameters
    ----------
    labels : int ndarray of shape (n,)
        Classes ≥ 0, n ≥ 1.
    target_class : int or iterable of int
        The annotated class, or all of them. Each has two slices in the run.
    scheme : {"class_equal", "paper", "mean_slices", "class_mass"}, default "class_equal"
        How the run weights its slices, as in `slice_weights`.

    Returns
    -------
    float64 ndarray of shape (n,)
        With sum 1, equal within a class. W_c / N_c, where W_c is the sum of the run's weights over the class.

    Raises
    ------
    BadArray
        If the scheme is unknown, shapes, types or values are invalid, or an annotated class has no image.

    Notes
    -----
    W_c depends on the scheme and on which classes are annotated, not on where they are cut: each scheme gives the
    slices of a class equal weight. So slices of N_c / 2 images, whichever they are, give every image its share.

    Examples
    --------
    >>> (12 * control_weights(np.array([0, 0, 0, 1]), 0)).tolist()
    [2.0, 2.0, 2.0, 6.0]
    >>> (9 * control_weights(np.array([0, 0, 0, 1]), 0, "mean_slices")).tolist()
    [2.0, 2.0, 2.0, 3.0]
    """
    check_choice(scheme, SCHEMES, "scheme")
    check_one_length(1, labels=labels)
    labels = checked_ids(labels, "label")
    annotated = list(target_class) if isinstance(target_class, Iterable) else [target_class]
    absent = sorted(set(annotated) - set(labels.tolist()))
    if absent:
        raise BadArray(f"no image is of the annotated class {absent[0]}")
    weights = SCHEMES[scheme](SliceSizes.of_even_halves(labels, np.isin(labels, annotated)))
    normalised: NDArray[np.float64] = weights / weights.sum()
    return normalised


def own_gain(run: float, control: float) -> float:
    """Return what a phrase adds to the retraining without it.

    Parameters
    ----------
    run, control : float
        One measure of both heads on the same images, such as the worst-group accuracy on test, in [0, 1].

    Returns
    -------
    float
        run - control, in [-1, 1].

    Examples
    --------
    >>> own_gain(0.75, 0.5)
    0.25
    """
    return run - control
