"""What a retraining with some words does to the images that the words select, beside one without the words."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.array_checks import check_booleans, check_count, check_one_length, checked_ids
from clarify_errors.arrays.common.samples import sample

SIGNIFICANCE = 0.025  # one-sided: of words that do nothing, at most so many are said to help, and as many to harm


@dataclass(frozen=True)
class SliceEffect:
    """How many of n images each of three models gets right.

    Attributes
    ----------
    n : int
        Images, ≥ 0.
    before, control, after : int
        Right before any retraining, after one without the words, and after one with them; 0 to `n`.
    gained, lost : int
        Right with the words alone, and without them alone: of the two retrained models.
    """

    n: int
    before: int
    control: int
    after: int
    gained: int
    lost: int

    @property
    def verdict(self) -> int:
        """Tell whether the words helped.

        Returns
        -------
        int
            1 if they helped, -1 if they did not, 0 if the images are too few to tell.

        Notes
        -----
        Exact one-sided sign test (McNemar) of the images that one retrained model alone gets right, at `SIGNIFICANCE`
        on each side. Words help only if the images are also more often right than before any retraining. Rates with
        words that do nothing: docs/analysts/statistics.md.

        Examples
        --------
        >>> [SliceEffect(13, 2, 4, 4 + gained, gained, 0).verdict for gained in (5, 6)]
        [0, 1]
        >>> SliceEffect(40, 30, 10, 20, gained=10, lost=0).verdict
        -1
        """
        if _tail(self.gained, self.lost) <= SIGNIFICANCE:
            return 1 if self.after > self.before else -1
        return -1 if _tail(self.lost, self.gained) <= SIGNIFICANCE else 0


@dataclass(frozen=True)
class GroupLoss:
    """The group that loses the largest share of its images.

    Attributes
    ----------
    group : int
    n : int
        Images of the group, ≥ 1.
    before, after : int
        How many of them are right, 0 to `n`.
    """

    group: int
    n: int
    before: int
    after: int


def slice_effect(before: NDArray[np.bool_], control: NDArray[np.bool_], after: NDArray[np.bool_]) -> SliceEffect:
    """Count what three models get right of the same images.

    Parameters
    ----------
    before, control, after : bool ndarray of shape (n,)
        Which images each model gets right.

    Returns
    -------
    SliceEffect

    Raises
    ------
    BadArray
        If lengths or types are invalid.

    Examples
    --------
    >>> right = np.repeat([True, False], 30)
    >>> slice_effect(~right, ~right, right | True)
    SliceEffect(n=60, before=30, control=30, after=60, gained=30, lost=0)
    """
    n = _checked(before=before, control=control, after=after)
    counts = (int(marks.sum()) for marks in (before, control, after, after & ~control, control & ~after))
    return SliceEffect(n, *counts)


def images_in_proportion(
    before: NDArray[np.bool_], after: NDArray[np.bool_], size: int, seed: tuple[int, ...]
) -> NDArray[np.int64]:
    """Choose some images whose marks, before and after, are in the proportion of all.

    Parameters
    ----------
    before, after : bool ndarray of shape (n,)
        Which images two models get right.
    size : int
        How many are chosen, ≥ 1, at most.
    seed : tuple of int
        At least 0 each.

    Returns
    -------
    int64 ndarray of shape (min(n, size),)
        Positions: wrong in both, then mended, right in both, then lost. So the right ones of either model are beside
        each other in a systematic sample, and their number is less than one from the exact proportion.

    Raises
    ------
    BadArray
        If lengths, types or `size` are invalid.

    Examples
    --------
    >>> marks = np.repeat([False, True], [8, 2])
    >>> [int(marks[images_in_proportion(marks, ~marks, size, (1,))].sum()) for size in (5, 10, 20)]
    [1, 2, 2]
    """
    n = _checked(before=before, after=after)
    check_count(size, "the size")
    shuffled = sample(n, n, 0, seed)
    place = np.where(before, 3 - 1 * after, 1 * after)[shuffled]
    ordered = shuffled[np.argsort(place, kind="stable")]
    m = min(size, n)
    return ordered[(2 * np.arange(m) + 1) * n // (2 * max(m, 1))]


def worst_loss(before: NDArray[np.bool_], after: NDArray[np.bool_], groups: NDArray[np.integer]) -> GroupLoss | None:
    """Find the group that loses the largest share of its images.

    Parameters
    ----------
    before, after : bool ndarray of shape (n,)
        Which images two models get right.
    groups : int ndarray of shape (n,)
        Group ids ≥ 0.

    Returns
    -------
    GroupLoss or None
        The largest of equal losses' groups; None if no group loses any.

    Raises
    ------
    BadArray
        If lengths, types or ids are invalid.

    Examples
    --------
    >>> before, after = np.array([True, True, True]), np.array([True, False, True])
    >>> worst_loss(before, after, np.array([0, 1, 1]))
    GroupLoss(group=1, n=2, before=2, after=1)
    """
    _checked(before=before, after=after)
    check_one_length(0, before=before, groups=groups)
    ids, members = np.unique(checked_ids(groups, "group"), return_inverse=True)
    n, was, is_now = (np.bincount(members, weights=each, minlength=len(ids)) for each in (None, before, after))
    losing = np.flatnonzero(was > is_now)
    if not len(losing):
        return None
    worst = max(losing, key=lambda at: ((was[at] - is_now[at]) / n[at], n[at]))
    return GroupLoss(int(ids[worst]), int(n[worst]), int(was[worst]), int(is_now[worst]))


def _checked(**marks: NDArray[np.bool_]) -> int:
    """Return how many images all models' marks are of."""
    for name, right in marks.items():
        check_booleans(right, f"marks of {name}")
    return check_one_length(0, **marks)


def _tail(more: int, fewer: int) -> float:
    """Return how often a fair coin shows heads `more` times or more often, of `more + fewer` tosses."""
    n = more + fewer
    logs = (math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) for k in range(more, n + 1))
    return math.fsum(math.exp(log - n * math.log(2)) for log in logs)
