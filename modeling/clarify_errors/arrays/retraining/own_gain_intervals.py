"""The interval of a difference of two worst groups: of a run and its control, or of any two models.

A minimum over groups is not differentiable where groups are tied, so that the bootstrap's percentile interval misses
there on one side (Fang & Santos 2019).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.array_checks import check_booleans, check_count, check_one_length, checked_ids
from clarify_errors.arrays.common.counted_words import number_word
from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.datasets.groups import group_counts
from clarify_errors.arrays.retraining.group_resampling import CONFIDENCE, RESAMPLES

WHY = (
    "The interval allows for which group is the worst not being known. Groups within chance of the worst count as "
    "possibly the worst, and each end takes the less favourable case."
)
_SIDES = np.array([[1, 1], [1, 0], [0, 1], [0, 0]])  # of the columns of the counts: whether run and control are right
_ONE_MORE = np.array([1, 0, 0, 1])  # image that both get right, and one that neither does
_ENDS = (1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2
_EQUAL = 1e-12


@dataclass(frozen=True)
class GainInterval:
    """A difference of two worst-group accuracies, with its 95% interval.

    Both are on the same images; the interval is for other images.

    Attributes
    ----------
    estimate, low, high : float
        In [-1, 1].
    tied : tuple of int
        How many groups of the first model, and of the second, are within chance of being its worst.
    """

    estimate: float
    low: float
    high: float
    tied: tuple[int, int]

    @property
    def verdict(self) -> int:
        """Tell which model is shown to be better.

        Returns
        -------
        int
            1 for the first, -1 for the second, 0 if they are not told apart.
        """
        return int(self.low > 0) - int(self.high < 0)


def paired_counts(run: NDArray[np.bool_], control: NDArray[np.bool_], groups: NDArray[np.integer]) -> NDArray[np.int64]:
    """Count the images of each group by which of two models is right.

    Parameters
    ----------
    run, control : bool ndarray of shape (n,)
        Whether each model is right on each image.
    groups : int ndarray of shape (n,)
        Group ids ≥ 0, n ≥ 1.

    Returns
    -------
    int64 ndarray of shape (G, 4)
        Of each group that has images: both are right, the run alone, the control alone, neither.

    Raises
    ------
    BadArray
        If lengths, types or ids are invalid.

    Examples
    --------
    >>> right = np.array([True, True, False])
    >>> paired_counts(right, np.array([True, False, False]), np.array([0, 0, 2])).tolist()
    [[1, 1, 0, 0], [0, 0, 0, 1]]
    """
    check_one_length(1, run=run, control=control, groups=groups)
    check_booleans(run, "marks of the run")
    check_booleans(control, "marks of the control")
    groups = checked_ids(groups, "group")
    n_groups = int(groups.max()) + 1
    cells = group_counts(4 * groups + 2 * ~run + ~control, 4 * n_groups).reshape(n_groups, 4)
    return cells[cells.any(axis=1)]


def tied_groups(accuracies: NDArray[np.floating], counts: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Find the groups that are within chance of being the worst.

    Parameters
    ----------
    accuracies : float ndarray of shape (G,)
        In [0, 1].
    counts : int ndarray of shape (G,)
        Images of each group, ≥ 1.

    Returns
    -------
    bool ndarray of shape (G,)
        The worst group, and those within √(ln n) standard errors of it, where n is the median group's images.

    Notes
    -----
    Generalized moment selection (Andrews & Soares 2010; Chernozhukov, Lee & Rosen 2013). Variances are of accuracies
    with one more image that is right and one that is wrong, so that none is 0.

    Examples
    --------
    >>> tied_groups(np.array([0.6, 0.62, 0.9]), np.array([100, 100, 100])).tolist()
    [True, True, False]
    """
    smooth = (accuracies * counts + 1) / (counts + 2)
    variance = smooth * (1 - smooth) / counts
    error = np.sqrt(variance + variance[accuracies.argmin()])
    close: NDArray[np.bool_] = accuracies - accuracies.min() <= np.sqrt(np.log(np.median(counts))) * error
    return close


def tied_counts(run: Sequence[float | None], control: Sequence[float | None], counts: Sequence[int]) -> tuple[int, int]:
    """Count the groups of two models that are within chance of being the worst.

    Parameters
    ----------
    run, control : sequence of (float or None)
        Accuracies by group; None for a group without images.
    counts : sequence of int
        Images of each group.

    Returns
    -------
    tuple of int
        As in `GainInterval`.

    Examples
    --------
    >>> tied_counts([0.6, None, 0.9], [0.6, None, 0.61], [100, 0, 100])
    (1, 2)
    """
    n = np.array(counts)
    kept = n > 0
    of_run, of_control = (int(tied_groups(np.array(each, np.float64)[kept], n[kept]).sum()) for each in (run, control))
    return of_run, of_control


def own_gain_interval(cells: NDArray[np.integer], draws: int = RESAMPLES, seed: int = 0) -> GainInterval:
    """Estimate how far the worst group of one model is above that of another.

    Each model has its own worst group.

    Parameters
    ----------
    cells : int ndarray of shape (G, 4)
        From `paired_counts`; each group has an image.
    draws : int, default RESAMPLES
        Resamples of the images, ≥ 1.
    seed : int, default 0
        Of the draws, ≥ 0.

    Returns
    -------
    GainInterval
        The plain difference, with an interval that holds it.

    Raises
    ------
    BadArray
        If a shape, type or value is invalid, or a group has no image.

    Notes
    -----
    The percentile interval, extended on each side by a recentred one that takes the less favourable case: the groups
    of one model that are within chance of its worst are tied, and the other's gaps are as measured plus one standard
    error, after removing the noise that both share. The selection is that of `tied_groups`; the allowance is Clarify's
    own, since selection alone misses near ties. Coverage is .93 to .98 in simulations with groups of 100 images or more
    (docs/analysts/methods.md, section on own gain), and at least .92 with smaller ones. Where groups of one model alone
    are tied, the estimate is biased: a model with more of them looks worse than it is.

    Examples
    --------
    >>> found = own_gain_interval(np.array([[50, 15, 5, 30], [85, 3, 2, 10], [88, 2, 3, 7], [90, 1, 1, 8]]))
    >>> round(found.estimate, 6), round(found.low, 6), round(found.high, 6), found.tied
    (0.1, 0.008039, 0.191961, (1, 1))
    """
    cells, n = _checked(cells)
    check_count(draws, "the number of draws")
    check_count(seed, "the seed", least=0)
    smooth = (cells + _ONE_MORE) / (n + 2)[:, None]
    noise = _noise(smooth, n, draws, seed)
    share, p = cells @ _SIDES / n[:, None], smooth @ _SIDES
    variance = p * (1 - p) / n[:, None]
    shared = np.clip((smooth[:, 0] - p.prod(axis=1)) / np.sqrt((p * (1 - p)).prod(axis=1)), -1, 1)
    gap = share - share.min(axis=0)
    error = np.sqrt(variance + variance[share.argmin(axis=0), [0, 1]])
    is_tied = np.stack([tied_groups(each, n) for each in share.T], axis=1)
    tied = np.where(is_tied, 0, gap)
    estimate, reach = float(share[:, 0].min() - share[:, 1].min()), []
    for a, b in ((0, 1), (1, 0)):  # a keeps its gaps, b's selected groups are tied
        kept = gap[:, a] - shared * np.sqrt(variance[:, a] / variance[:, b]) * (gap[:, b] - tied[:, b])
        kept -= kept.min()
        kept = np.where(kept > _EQUAL, kept + error[:, a] * np.sqrt(1 - shared**2), 0)
        far = (noise[..., a] + kept).min(axis=1) - (noise[..., b] + tied[:, b]).min(axis=1)
        reach.append(float(np.quantile(far, _ENDS[1])))
    again = (share + noise).min(axis=1)
    low, high = map(float, np.quantile(again[:, 0] - again[:, 1], _ENDS))
    ends = max(min(low, estimate, estimate - reach[0]), -1.0), min(max(high, estimate, estimate + reach[1]), 1.0)
    n_run, n_control = is_tied.sum(axis=0).tolist()
    return GainInterval(estimate, *ends, (n_run, n_control))


def tied_note(tied: tuple[int, int], run: str = "the run", control: str = "the control") -> str:
    """Say in which direction a measured gain is biased.

    It is where the two models differ in how many of their groups are tied.

    Parameters
    ----------
    tied : tuple of int
        As in `GainInterval`.
    run, control : str
        What the two models are called.

    Returns
    -------
    str
        Two sentences; empty where the numbers are equal.

    Examples
    --------
    >>> tied_note((1, 4))[:81]
    'Four of the control’s groups are about equally bad, and one of the run’s. The mea'
    """
    most, least = sorted(((tied[0], run), (tied[1], control)), reverse=True)
    if most[0] == least[0]:
        return ""
    high = "low" if most[1] == run else "high"
    numbers = number_word(most[0]).capitalize(), number_word(least[0])
    return (
        f"{numbers[0]} of {most[1]}’s groups are about equally bad, and {numbers[1]} of {least[1]}’s. The measured "
        f"gain is then too {high} on average."
    )


def _checked(cells: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The counts, and their sums by group."""
    if cells.ndim != 2 or cells.shape[1:] != (4,) or not len(cells):
        raise BadArray(f"four counts are expected for each of one or more groups, not an array of shape {cells.shape}")
    counts = checked_ids(cells.ravel(), "count").reshape(cells.shape)
    n = counts.sum(axis=1)
    if not n.all():
        raise BadArray(f"group {int(n.argmin())} has no image")
    return counts, n


def _noise(smooth: NDArray[np.float64], n: NDArray[np.int64], draws: int, seed: int) -> NDArray[np.float64]:
    """How far the accuracies of run and control on drawn images are from what is expected: [draws, G, 2]."""
    rng = np.random.default_rng(seed)
    drawn = np.stack([rng.multinomial(m, p, draws) @ _SIDES for m, p in zip(n, smooth, strict=True)], axis=1)
    found: NDArray[np.float64] = drawn / n[:, None] - smooth @ _SIDES
    return found
