"""Slices of the training images, and the weights that balance them (paper, section 4.2, equation 2).

An annotation (class, phrase, τ) splits the class's training images into those with similarity > τ and the rest.
"""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from modeling.errors import BadArray, SliceTooSmall

LEAST_SLICE_SIZE = 5


def slice_members(
    similarities: NDArray[np.floating], labels: NDArray[np.integer], target_class: int, threshold: float
) -> NDArray[np.bool_]:
    """The images of `target_class` that are above the threshold: bool[n], compared in float32, strictly greater.

    similarities: float[n], to the annotation's phrase; labels: int[n]. Raises BadArray, also for what is not finite.
    """
    if similarities.ndim != 1 or similarities.shape != labels.shape:
        raise BadArray(f"similarities {similarities.shape} and labels {labels.shape} must be vectors of one length")
    if not np.isfinite(threshold):
        raise BadArray(f"the threshold {threshold} is not finite")
    if not np.isfinite(similarities).all():
        at = int(np.argmin(np.isfinite(similarities)))
        raise BadArray(f"the similarity of image {at} is not finite: {similarities[at]}")
    above = similarities.astype(np.float32) > np.float32(threshold)
    members: NDArray[np.bool_] = above & (labels == target_class)
    return members


def slice_membership(
    members: NDArray[np.bool_],
    labels: NDArray[np.integer],
    target_class: int | Iterable[int],
    least: int = LEAST_SLICE_SIZE,
) -> NDArray[np.int64]:
    """The slice of each image: 2 × label + 1 above the threshold, 2 × label elsewhere, as int64[n].

    A class without an annotation is one slice. members: bool[n], from `slice_members` (their union where several
    classes are annotated); target_class: the annotated class, or all of them; least: images that each slice of an
    annotated class must have, ≥ 1.

    Raises SliceTooSmall, BadArray for members outside the annotated classes.
    """
    if members.shape != labels.shape:
        raise BadArray(f"members {members.shape} and labels {labels.shape} must be vectors of one length")
    if least < 1:
        raise BadArray(f"the least slice size must be at least 1, not {least}")
    annotated = [target_class] if isinstance(target_class, int | np.integer) else list(target_class)
    if (members & ~np.isin(labels, annotated)).any():
        raise BadArray(f"some members of a slice are not of an annotated class {annotated}")
    for label in annotated:
        n_above = int(members[labels == label].sum())
        n_below = int((labels == label).sum()) - n_above
        if min(n_above, n_below) < least:
            raise SliceTooSmall(int(label), n_above, n_below, least)
    return 2 * labels.astype(np.int64) + members


def uniform_weights(n: int) -> NDArray[np.float64]:
    """The weights of plain supervised training (ERM): 1/n each."""
    return np.full(n, 1 / n)


def slice_weights(
    labels: NDArray[np.integer], membership: NDArray[np.integer], scheme: str = "class_equal"
) -> NDArray[np.float64]:
    """The loss weight of each training image, float64[n] with sum 1: equal within a slice, as `scheme` says between.

    labels: int[n]; membership: int[n], from `slice_membership`, or any ids ≥ 0 that do not cross classes, and -1 for
    all images of a class that is not annotated, which makes it one slice. With N images, C classes, k slices in the
    image's class of N_c images, G slices in all and |S| images in its slice, before normalising:

    - `class_equal`: 1 / (C k |S|). Classes have equal mass, and so have the slices within a class.
    - `paper`: 1 / (C |S|) in an annotated class (k > 1), 1 / N elsewhere: equation 2 to the letter.
    - `mean_slices`: 1 / (G |S|). All slices have equal mass.
    - `class_mass`: N_c / (k N |S|). Classes keep the mass that they have in the data.

    Raises BadArray for an unknown scheme, no images, another negative id, a slice that crosses classes, or a class of
    which only some images are -1.
    """
    if scheme not in SCHEMES:
        raise BadArray(f"unknown scheme {scheme!r}: use one of {', '.join(SCHEMES)}")
    if labels.ndim != 1 or labels.shape != membership.shape or not len(labels):
        raise BadArray(f"labels {labels.shape} and membership {membership.shape} must be vectors of one length ≥ 1")
    if not (np.issubdtype(labels.dtype, np.integer) and np.issubdtype(membership.dtype, np.integer)):
        raise BadArray(f"labels and membership must be integers, not {labels.dtype} and {membership.dtype}")
    if labels.min() < 0:
        raise BadArray(f"label {labels.min()} of image {int(np.argmin(labels))} is negative")
    weights = SCHEMES[scheme](_SliceSizes(labels, membership))
    normalised: NDArray[np.float64] = weights / weights.sum()
    return normalised


class _SliceSizes:
    """The sizes that the schemes are written in; vectors have one entry per image."""

    def __init__(self, labels: NDArray[np.integer], membership: NDArray[np.integer]) -> None:
        if membership.min() < -1:
            raise BadArray(f"slice {membership.min()} of image {int(np.argmin(membership))} must be -1 or ≥ 0")
        unannotated = membership == -1
        partly = np.isin(labels, labels[unannotated]) & ~unannotated
        if partly.any():
            at = int(np.argmax(partly))
            raise BadArray(f"image {at} has a slice, and other images of its class {labels[at]} have none (-1)")
        membership = np.where(
            unannotated, -1 - labels.astype(np.int64), membership
        )  # a slice of its own for each class
        _, class_of_image, class_sizes = np.unique(labels, return_inverse=True, return_counts=True)
        _, first, slice_of_image, slice_sizes = np.unique(
            membership, return_index=True, return_inverse=True, return_counts=True
        )
        class_of_slice = class_of_image[first]
        if (class_of_slice[slice_of_image] != class_of_image).any():
            raise BadArray("a slice has images of more than one class")
        self.N: int = len(labels)
        self.C: int = len(class_sizes)
        self.G: int = len(slice_sizes)
        self.S: NDArray[np.int64] = slice_sizes[slice_of_image]
        self.N_c: NDArray[np.int64] = class_sizes[class_of_image]
        self.k: NDArray[np.int64] = np.bincount(class_of_slice)[class_of_image]


def _class_equal(of: _SliceSizes) -> NDArray[np.float64]:
    return 1 / (of.C * of.k * of.S)


def _paper(of: _SliceSizes) -> NDArray[np.float64]:
    return np.where(of.k > 1, 1 / (of.C * of.S), 1 / of.N)


def _mean_slices(of: _SliceSizes) -> NDArray[np.float64]:
    return 1 / (of.G * of.S)


def _class_mass(of: _SliceSizes) -> NDArray[np.float64]:
    return of.N_c / (of.k * of.N * of.S)


SCHEMES: dict[str, Callable[[_SliceSizes], NDArray[np.float64]]] = {
    "class_equal": _class_equal,
    "paper": _paper,
    "mean_slices": _mean_slices,
    "class_mass": _class_mass,
}
