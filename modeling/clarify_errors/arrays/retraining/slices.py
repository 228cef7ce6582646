"""Slices of the training images, and the weights that balance them (paper, section 4.2, equation 2).

An annotation (class, phrase, τ) splits the class's training images into those with similarity > τ and the rest.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.array_checks import (
    check_booleans,
    check_choice,
    check_count,
    check_one_length,
    checked_ids,
    finite_float32,
    float32_threshold,
)
from clarify_errors.arrays.common.modeling_errors import BadArray, SliceTooSmall

DEFAULT_SCHEME = "class_equal"

UNANNOTATED = -1
MIN_SLICE_SIZE = 5


def slice_members(
    similarities: NDArray[np.floating], labels: NDArray[np.integer], target_class: int, threshold: float
) -> NDArray[np.bool_]:
    """Find the images of a class that are above the threshold.

    Parameters
    ----------
    similarities : float ndarray of shape (n,)
        To the annotation's phrase; compared in float32.
    labels : int ndarray of shape (n,)
        Classes ≥ 0; the target class occurs unless n is 0.
    target_class : int
    threshold : float
        τ. An image is above it if its similarity is strictly greater.

    Returns
    -------
    bool ndarray of shape (n,)

    Raises
    ------
    BadArray
        If shapes, types or values are invalid, or no image is of the class.
    """
    check_one_length(similarities=similarities, labels=labels)
    labels = checked_ids(labels, "label")
    check_count(target_class, "the target class", least=0)
    of_class = labels == target_class
    if len(labels) and not of_class.any():
        raise BadArray(f"no image is of the target class {target_class}: labels are at most {labels.max()}")
    members: NDArray[np.bool_] = (finite_float32(similarities) > float32_threshold(threshold)) & of_class
    return members


def slice_membership(
    members: NDArray[np.bool_],
    labels: NDArray[np.integer],
    target_class: int | Iterable[int],
    least: int = MIN_SLICE_SIZE,
) -> NDArray[np.int64]:
    """Number the slice of each image of annotated classes.

    Parameters
    ----------
    members : bool ndarray of shape (n,)
        From `slice_members`; their union if several classes are annotated.
    labels : int ndarray of shape (n,)
        Classes ≥ 0.
    target_class : int or iterable of int
        The annotated class, or all of them.
    least : int, default MIN_SLICE_SIZE
        Smallest accepted size of a slice, ≥ 1.

    Returns
    -------
    int64 ndarray of shape (n,)
        2 × label + 1 above the threshold, 2 × label below it, and -1 in classes without annotation.

    Raises
    ------
    SliceTooSmall
        If a slice has fewer than `least` images.
    BadArray
        If shapes, types or values are invalid, or a member is not in an annotated class.
    """
    check_one_length(members=members, labels=labels)
    check_booleans(members, "members")
    labels = checked_ids(labels, "label")
    check_count(least, "the least slice size")
    annotated = list(target_class) if isinstance(target_class, Iterable) else [target_class]
    for label in annotated:
        check_count(label, "an annotated class", least=0)
    is_annotated = np.isin(labels, annotated)
    if (members & ~is_annotated).any():
        at = int(np.argmax(members & ~is_annotated))
        raise BadArray(
            f"image {at} is above a threshold, but its class {labels[at]} is not one of the annotated {annotated}"
        )
    for label in annotated:
        n_above = int(members[labels == label].sum())
        n_below = int((labels == label).sum()) - n_above
        if min(n_above, n_below) < least:
            raise SliceTooSmall(int(label), n_above, n_below, least)
    return np.where(is_annotated, 2 * labels + members, UNANNOTATED)


def slice_ids(labels: NDArray[np.integer], membership: NDArray[np.integer]) -> NDArray[np.int64]:
    """Number the slice of every image, for functions that take groups.

    Parameters
    ----------
    labels : int ndarray of shape (n,)
        Classes ≥ 0.
    membership : int ndarray of shape (n,)
        From `slice_membership`, or only ids ≥ 0, which stay.

    Returns
    -------
    int64 ndarray of shape (n,)
        Ids ≥ 0; a class without annotation is slice 2 × label.

    Raises
    ------
    BadArray
        If shapes, types or values are invalid, or a slice has images of several classes.
    """
    labels, membership = _checked(labels, membership, least=0)
    ids = np.where(membership == UNANNOTATED, 2 * labels, membership)
    _, first, slice_of_image = np.unique(ids, return_index=True, return_inverse=True)
    _check_within_classes(labels, ids, labels[first][slice_of_image])
    return ids


def uniform_weights(n: int) -> NDArray[np.float64]:
    """Return the weights of plain supervised training (ERM).

    Parameters
    ----------
    n : int
        Number of images, ≥ 1.

    Returns
    -------
    float64 ndarray of shape (n,)
        1 / n each.

    Raises
    ------
    BadArray
        If `n` is not a whole number ≥ 1.
    """
    check_count(n, "the number of images")
    return np.full(n, 1 / n)


def slice_weights(
    labels: NDArray[np.integer], membership: NDArray[np.integer], scheme: str = DEFAULT_SCHEME
) -> NDArray[np.float64]:
    """Compute the loss weight of each training image, equal within a slice.

    Parameters
    ----------
    labels : int ndarray of shape (n,)
        Classes ≥ 0, n ≥ 1.
    membership : int ndarray of shape (n,)
        From `slice_membership`, or any ids ≥ 0 for the two or more slices of each annotated class, and -1 for all
        images of a class without annotation, which is one slice. No slice has images of several classes.
    scheme : {"class_equal", "paper", "mean_slices", "class_mass"}, default "class_equal"
        How weights differ between slices.

    Returns
    -------
    float64 ndarray of shape (n,)
        With sum 1.

    Raises
    ------
    BadArray
        If the scheme is unknown, shapes, types or values are invalid, a slice has images of several classes, only some
        images of a class are -1, or all images of an annotated class are in one slice.

    Notes
    -----
    With N images, C classes, k slices in the image's class of N_c images, G slices in all and S images in its slice,
    the weights before normalising are

    - `class_equal`: 1 / (C k S);
    - `paper`: 1 / (C S) in an annotated class, 1 / N elsewhere (Eq. 2);
    - `mean_slices`: 1 / (G S);
    - `class_mass`: N_c / (k N S).
    """
    check_choice(scheme, SCHEMES, "scheme")
    labels, membership = _checked(labels, membership, least=1)
    sizes = SliceSizes.of(labels, membership)
    of_one_slice = (membership != UNANNOTATED) & (sizes.k == 1)
    if of_one_slice.any():
        at = int(np.argmax(of_one_slice))
        raise BadArray(
            f"class {labels[at]} is annotated, but its other slice is empty: all images are in {membership[at]}"
        )
    weights = SCHEMES[scheme](sizes)
    normalised: NDArray[np.float64] = weights / weights.sum()
    return normalised


def division_weights(
    labels: NDArray[np.integer], parts: NDArray[np.integer], scheme: str = DEFAULT_SCHEME
) -> NDArray[np.float64]:
    """Compute the `slice_weights` of groups, classes or another division.

    Parameters
    ----------
    labels : int ndarray of shape (n,)
        Classes ≥ 0, n ≥ 1.
    parts : int ndarray of shape (n,)
        Ids ≥ 0; no part has images of several classes. A class that is one part counts as not annotated.
    scheme : {"class_equal", "paper", "mean_slices", "class_mass"}, default "class_equal"

    Returns
    -------
    float64 ndarray of shape (n,)
        With sum 1.

    Raises
    ------
    BadArray
        If the scheme is unknown, shapes, types or values are invalid, or a part has images of several classes.
    """
    labels, parts = _checked(labels, parts, least=1)
    sizes = SliceSizes.of(labels, parts)
    return slice_weights(labels, np.where(sizes.k == 1, UNANNOTATED, parts), scheme)


def _checked(
    labels: NDArray[np.integer], membership: NDArray[np.integer], least: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Check lengths and types, and that all or none of the images of each class have a slice."""
    check_one_length(least, labels=labels, membership=membership)
    labels, membership = checked_ids(labels, "label"), checked_ids(membership, "slice", least=UNANNOTATED)
    unannotated = membership == UNANNOTATED
    partly = np.isin(labels, labels[unannotated]) & ~unannotated
    if partly.any():
        at = int(np.argmax(partly))
        raise BadArray(f"image {at} has a slice, but other images of its class {labels[at]} have none (-1)")
    return labels, membership


@dataclass(frozen=True, eq=False)
class SliceSizes:
    """The sizes that the schemes are written in.

    Attributes
    ----------
    is_annotated : bool ndarray of shape (n,)
        Whether the image's class is annotated.
    N : int
        Number of images.
    C : int
        Number of classes that have images.
    G : int
        Number of slices; a class without annotation is one.
    S : ndarray of shape (n,)
        Size of the image's slice.
    N_c : int64 ndarray of shape (n,)
        Size of the image's class.
    k : int64 ndarray of shape (n,)
        Number of slices of the image's class.
    """

    is_annotated: NDArray[np.bool_]
    N: int
    C: int
    G: int
    S: NDArray[np.integer] | NDArray[np.floating]
    N_c: NDArray[np.int64]
    k: NDArray[np.int64]

    @classmethod
    def of(cls, labels: NDArray[np.integer], membership: NDArray[np.integer]) -> Self:
        """Count the slices that images are in.

        Parameters
        ----------
        labels : int ndarray of shape (n,)
            Classes ≥ 0.
        membership : int ndarray of shape (n,)
            Slice ids ≥ 0, or -1 for all images of a class without annotation.

        Returns
        -------
        SliceSizes

        Raises
        ------
        BadArray
            If a slice has images of several classes.
        """
        _, class_of_image, class_sizes = np.unique(labels, return_inverse=True, return_counts=True)
        is_annotated = membership != UNANNOTATED
        ids = np.where(is_annotated, membership, -1 - class_of_image)  # unannotated classes: one slice each
        _, first, slice_of_image, slice_sizes = np.unique(
            ids, return_index=True, return_inverse=True, return_counts=True
        )
        class_of_slice = class_of_image[first]
        _check_within_classes(labels, ids, labels[first][slice_of_image])
        return cls(
            is_annotated,
            N=len(labels),
            C=len(class_sizes),
            G=len(slice_sizes),
            S=slice_sizes[slice_of_image],
            N_c=class_sizes[class_of_image],
            k=np.bincount(class_of_slice)[class_of_image],
        )

    @classmethod
    def of_even_halves(cls, labels: NDArray[np.integer], is_annotated: NDArray[np.bool_]) -> Self:
        """Return the sizes as if each annotated class were cut into two equal slices.

        Parameters
        ----------
        labels : int ndarray of shape (n,)
            Classes ≥ 0.
        is_annotated : bool ndarray of shape (n,)
            The same for all images of a class.

        Returns
        -------
        SliceSizes
            `S` is N_c / 2 in an annotated class, also where N_c is odd.
        """
        whole = cls.of(labels, np.full(len(labels), UNANNOTATED))
        k = np.where(is_annotated, 2, 1)
        n_annotated = len(np.unique(labels[is_annotated]))
        return replace(whole, is_annotated=is_annotated, G=whole.C + n_annotated, S=whole.N_c / k, k=k)


def _check_within_classes(
    labels: NDArray[np.integer], ids: NDArray[np.integer], label_of_slice: NDArray[np.integer]
) -> None:
    """Raise BadArray if an image's label is not that of the first image of its slice."""
    crossing = labels != label_of_slice
    if crossing.any():
        at = int(np.argmax(crossing))
        raise BadArray(
            f"slice {ids[at]} has images of more than one class: {label_of_slice[at]}, and {labels[at]} in image {at}"
        )


def _class_equal(of: SliceSizes) -> NDArray[np.float64]:
    """Return 1 / (C k S): equal mass for classes, and for slices within a class."""
    return 1 / (of.C * of.k * of.S)


def _paper(of: SliceSizes) -> NDArray[np.float64]:
    """Return 1 / (C S) in an annotated class, 1 / N elsewhere: equation 2 to the letter."""
    return np.where(of.is_annotated, 1 / (of.C * of.S), 1 / of.N)


def _mean_slices(of: SliceSizes) -> NDArray[np.float64]:
    """Return 1 / (G S): equal mass for all slices."""
    return 1 / (of.G * of.S)


def _class_mass(of: SliceSizes) -> NDArray[np.float64]:
    """Return N_c / (k N S): for classes their mass in the data, and equal mass for slices within a class."""
    return of.N_c / (of.k * of.N * of.S)


SCHEMES: dict[str, Callable[[SliceSizes], NDArray[np.float64]]] = {
    DEFAULT_SCHEME: _class_equal,
    "paper": _paper,
    "mean_slices": _mean_slices,
    "class_mass": _class_mass,
}
