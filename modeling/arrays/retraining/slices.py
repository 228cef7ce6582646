"""Slices of the training images, and the weights that balance them (paper, section 4.2, equation 2).

An annotation (class, phrase, τ) splits the class's training images into those with similarity > τ and the rest.
"""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.common.array_checks import (
    check_booleans,
    check_choice,
    check_count,
    check_one_length,
    checked_ids,
    finite_float32,
    float32_threshold,
)
from modeling.arrays.common.modeling_errors import BadArray, SliceTooSmall
from modeling.arrays.embeddings.similarity import similarities

DEFAULT_SCHEME = "class_equal"

UNANNOTATED = -1
MIN_SLICE_SIZE = 5


def slice_members(
    similarities: NDArray[np.floating], labels: NDArray[np.integer], target_class: int, threshold: float
) -> NDArray[np.bool_]:
    """The images of `target_class` that are above the threshold: bool[n], compared in float32, strictly greater.

    similarities: float[n], to the annotation's phrase; labels: int[n] ≥ 0, one of them `target_class` unless n is 0.
    Raises BadArray, also for what is not finite in float32.
    """
    check_one_length(similarities=similarities, labels=labels)
    labels = checked_ids(labels, "label")
    check_count(target_class, "the target class", least=0)
    of_class = labels == target_class
    if len(labels) and not of_class.any():
        raise BadArray(f"no image is of the target class {target_class}: labels are at most {labels.max()}")
    members: NDArray[np.bool_] = (finite_float32(similarities) > float32_threshold(threshold)) & of_class
    return members


def annotated_members(
    images: NDArray[np.float32],
    rows: NDArray[np.integer],
    labels: NDArray[np.integer],
    text: NDArray[np.float32],
    *,
    sign: int,
    target_class: int,
    threshold: float,
) -> NDArray[np.bool_]:
    """Which rows of a data set are of the annotated class and above the threshold: bool[m].

    images: float32[n, d], all unit rows of the data set, of which only those of the class are read; rows: int[m], which
    of them; labels: int[m] ≥ 0, of these rows, none of which need be of the class; text: float32[d]; sign: 1, or -1 for
    a negation, whose images are those with -similarity > threshold. Raises as `similarities` and `slice_members` do,
    and BadArray for a row that is not in the data set.
    """
    check_one_length(rows=rows, labels=labels)
    rows = checked_ids(rows, "row", below=len(images))
    if sign not in (-1, 1):
        raise BadArray(f"the sign must be 1 or -1, not {sign}")
    members = np.zeros(len(rows), np.bool_)
    of_class = np.flatnonzero(labels == target_class)
    values = sign * similarities(images[rows[of_class]], text)
    members[of_class] = slice_members(values, labels[of_class], target_class, threshold)
    return members


def slice_membership(
    members: NDArray[np.bool_],
    labels: NDArray[np.integer],
    target_class: int | Iterable[int],
    least: int = MIN_SLICE_SIZE,
) -> NDArray[np.int64]:
    """The slice of each image of an annotated class: 2 × label + 1 above the threshold, 2 × label below; -1 elsewhere.

    int64[n] from members: bool[n], of `slice_members` (their union where several classes are annotated), and labels:
    int[n] ≥ 0; target_class: the annotated class, or all of them; least: images that each slice must have, ≥ 1.

    Raises SliceTooSmall, BadArray, also for members outside the annotated classes.
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
            f"image {at} is above a threshold, and its class {labels[at]} is not an annotated one {annotated}"
        )
    for label in annotated:
        n_above = int(members[labels == label].sum())
        n_below = int((labels == label).sum()) - n_above
        if min(n_above, n_below) < least:
            raise SliceTooSmall(int(label), n_above, n_below, least)
    return np.where(is_annotated, 2 * labels + members, UNANNOTATED)


def slice_ids(labels: NDArray[np.integer], membership: NDArray[np.integer]) -> NDArray[np.int64]:
    """The slice of every image, int64[n] ≥ 0, for what takes groups: a class that is not annotated is slice 2 × label.

    labels: int[n] ≥ 0; membership: int[n], from `slice_membership`, or ids ≥ 0 alone, which stay. Raises BadArray, also
    where 2 × label is a slice of another class.
    """
    labels, membership = _checked(labels, membership, least=0)
    ids = np.where(membership == UNANNOTATED, 2 * labels, membership)
    _, first, slice_of_image = np.unique(ids, return_index=True, return_inverse=True)
    _check_within_classes(labels, ids, labels[first][slice_of_image])
    return ids


def uniform_weights(n: int) -> NDArray[np.float64]:
    """The weights of plain supervised training (ERM): 1/n each, n ≥ 1. Raises BadArray."""
    check_count(n, "the number of images")
    return np.full(n, 1 / n)


def slice_weights(
    labels: NDArray[np.integer], membership: NDArray[np.integer], scheme: str = DEFAULT_SCHEME
) -> NDArray[np.float64]:
    """The loss weight of each training image, float64[n] with sum 1: equal within a slice, as `scheme` says between.

    labels: int[n] ≥ 0, n ≥ 1; membership: int[n], from `slice_membership`, or any ids ≥ 0 that do not cross classes for
    the two slices or more of each annotated class, and -1 for all images of a class that is not annotated, which makes
    it one slice. With N images, C classes, k slices in the image's class of N_c images, G slices in all and |S| images
    in its slice, before normalising:

    `class_equal`: 1 / (C k |S|); `paper`: 1 / (C |S|) in an annotated class, 1 / N elsewhere;
    `mean_slices`: 1 / (G |S|); `class_mass`: N_c / (k N |S|).

    Raises BadArray for an unknown scheme, no images, another negative id, a slice that crosses classes, a class of
    which only some images are -1, or an annotated class whose images are all in one slice.
    """
    check_choice(scheme, SCHEMES, "scheme")
    labels, membership = _checked(labels, membership, least=1)
    sizes = _SliceSizes(labels, membership)
    of_one_slice = (membership != UNANNOTATED) & (sizes.k == 1)
    if of_one_slice.any():
        at = int(np.argmax(of_one_slice))
        raise BadArray(
            f"class {labels[at]} is annotated, and its other slice is empty: all images are in {membership[at]}"
        )
    weights = SCHEMES[scheme](sizes)
    normalised: NDArray[np.float64] = weights / weights.sum()
    return normalised


def division_weights(
    labels: NDArray[np.integer], parts: NDArray[np.integer], scheme: str = DEFAULT_SCHEME
) -> NDArray[np.float64]:
    """The `slice_weights` of a division that no annotation made, as groups and classes are: float64[n] with sum 1.

    parts: int[n], ids ≥ 0 that do not cross classes; a class that is one part counts as not annotated. Raises BadArray.
    """
    labels, parts = _checked(labels, parts, least=1)
    sizes = _SliceSizes(labels, parts)
    return slice_weights(labels, np.where(sizes.k == 1, UNANNOTATED, parts), scheme)


def _checked(
    labels: NDArray[np.integer], membership: NDArray[np.integer], least: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Both, of one length of at least `least`, with a slice for all or none of the images of each class."""
    check_one_length(least, labels=labels, membership=membership)
    labels, membership = checked_ids(labels, "label"), checked_ids(membership, "slice", least=UNANNOTATED)
    unannotated = membership == UNANNOTATED
    partly = np.isin(labels, labels[unannotated]) & ~unannotated
    if partly.any():
        at = int(np.argmax(partly))
        raise BadArray(f"image {at} has a slice, and other images of its class {labels[at]} have none (-1)")
    return labels, membership


class _SliceSizes:
    """The sizes that the schemes are written in; vectors have one entry per image."""

    def __init__(self, labels: NDArray[np.integer], membership: NDArray[np.integer]) -> None:
        _, class_of_image, class_sizes = np.unique(labels, return_inverse=True, return_counts=True)
        self.is_annotated: NDArray[np.bool_] = membership != UNANNOTATED
        ids = np.where(self.is_annotated, membership, -1 - class_of_image)  # a slice of its own for each other class
        _, first, slice_of_image, slice_sizes = np.unique(
            ids, return_index=True, return_inverse=True, return_counts=True
        )
        class_of_slice = class_of_image[first]
        _check_within_classes(labels, ids, labels[first][slice_of_image])
        self.N: int = len(labels)
        self.C: int = len(class_sizes)
        self.G: int = len(slice_sizes)
        self.S: NDArray[np.int64] = slice_sizes[slice_of_image]
        self.N_c: NDArray[np.int64] = class_sizes[class_of_image]
        self.k: NDArray[np.int64] = np.bincount(class_of_slice)[class_of_image]


def _check_within_classes(
    labels: NDArray[np.integer], ids: NDArray[np.integer], label_of_slice: NDArray[np.integer]
) -> None:
    """Raise BadArray where an image's label is not that of the first image of its slice."""
    crossing = labels != label_of_slice
    if crossing.any():
        at = int(np.argmax(crossing))
        raise BadArray(
            f"slice {ids[at]} has images of more than one class: {label_of_slice[at]}, and {labels[at]} in image {at}"
        )


def _class_equal(of: _SliceSizes) -> NDArray[np.float64]:
    """1 / (C k |S|): equal mass to the classes, and to the slices within a class."""
    return 1 / (of.C * of.k * of.S)


def _paper(of: _SliceSizes) -> NDArray[np.float64]:
    """1 / (C |S|) in an annotated class, 1 / N elsewhere: equation 2 to the letter."""
    return np.where(of.is_annotated, 1 / (of.C * of.S), 1 / of.N)


def _mean_slices(of: _SliceSizes) -> NDArray[np.float64]:
    """1 / (G |S|): equal mass to all slices."""
    return 1 / (of.G * of.S)


def _class_mass(of: _SliceSizes) -> NDArray[np.float64]:
    """N_c / (k N |S|): to the classes the mass that they have in the data, and equal mass to the slices within one."""
    return of.N_c / (of.k * of.N * of.S)


SCHEMES: dict[str, Callable[[_SliceSizes], NDArray[np.float64]]] = {
    DEFAULT_SCHEME: _class_equal,
    "paper": _paper,
    "mean_slices": _mean_slices,
    "class_mass": _class_mass,
}
