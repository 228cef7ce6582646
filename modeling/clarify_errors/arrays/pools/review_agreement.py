"""How far reviewers agree: Cohen's kappa, and what several of them decide together."""

from collections.abc import Hashable, Sequence

import numpy as np

from clarify_errors.arrays.common.array_checks import check_one_length


def cohens_kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float | None:
    """Compute Cohen's kappa of two reviewers.

    Parameters
    ----------
    first, second : sequence of n hashable
        What each said of the same images.

    Returns
    -------
    float or None
        In [-1, 1]; None without images, or if both said one and the same of all of them.

    Raises
    ------
    BadArray
        If the lengths differ.

    Examples
    --------
    >>> round(cohens_kappa("kkdd", "kkdk"), 3), cohens_kappa("kk", "kk")
    (0.5, None)
    """
    check_one_length(first=np.empty(len(first)), second=np.empty(len(second)))
    n = len(first)
    said = set(first) | set(second)
    if len(said) < 2:
        return None
    agreed = sum(a == b for a, b in zip(first, second, strict=True)) / n
    by_chance = sum(list(first).count(each) * list(second).count(each) for each in said) / n**2
    return (agreed - by_chance) / (1 - by_chance)


def agreed_label(labels: Sequence[int | None]) -> int | None:
    """Return the label with which an image is kept.

    Parameters
    ----------
    labels : sequence of int or None
        What each reviewer kept it with; None if somebody dropped it. Those who were unsure are left out.

    Returns
    -------
    int or None
        None unless somebody looked and all said the same.

    Examples
    --------
    >>> agreed_label([1, 1]), agreed_label([1, None]), agreed_label([0, 1]), agreed_label([])
    (1, None, None, None)
    """
    return labels[0] if labels and len(set(labels)) == 1 else None
