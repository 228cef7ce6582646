"""What people gain beside people who take random slices: the null of a mean own gain."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import comb

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.array_checks import check_count, check_one_length


@dataclass(frozen=True, eq=False)
class SliceGains:
    """What K random slices gain.

    Attributes
    ----------
    gains : float64 ndarray of shape (K,)
        On test, from the slice with the best score on validation to that with the worst. Equal scores share the mean of
        theirs, since each of them is chosen as often.
    """

    gains: NDArray[np.float64]

    @classmethod
    def of(cls, gains: NDArray[np.floating], scores: NDArray[np.floating]) -> "SliceGains":
        """Order the gains of random slices by their scores.

        Parameters
        ----------
        gains, scores : float ndarray of shape (K,)
            K ≥ 2.

        Returns
        -------
        SliceGains

        Raises
        ------
        BadArray
            If lengths differ, or K is below 2.
        """
        check_one_length(2, gains=gains, scores=scores)
        ranks, rank, n_equal = np.unique(-scores, return_inverse=True, return_counts=True)
        means = np.bincount(rank, gains, len(ranks)) / n_equal
        return cls(np.repeat(means, n_equal))

    def best_of(self, tries: int) -> float:
        """Compute what the best-scored of so many slices gains on average.

        Parameters
        ----------
        tries : int
            Slices that one is chosen from, ≥ 1. From K on it is the best of all.

        Returns
        -------
        float
            Exact over all choices without replacement.

        Raises
        ------
        BadArray
            If `tries` is below 1.

        Examples
        --------
        >>> round(SliceGains(np.array([0.05, 0.02, 0.03, -0.01, 0, 0.01])).best_of(2), 6)
        0.026667
        """
        return float(_chances(len(self.gains), tries) @ self.gains)

    def best_of_without(self, tries: int) -> NDArray[np.float64]:
        """Compute the same without each of the slices in turn.

        Parameters
        ----------
        tries : int

        Returns
        -------
        float64 ndarray of shape (K,)

        Raises
        ------
        BadArray
            If `tries` is below 1.
        """
        chances = _chances(len(self.gains) - 1, tries)
        before = np.concatenate([[0.0], np.cumsum(chances * self.gains[:-1])])  # the slices that keep their place
        after = np.concatenate([np.cumsum((chances * self.gains[1:])[::-1])[::-1], [0.0]])  # those that move up by one
        found: NDArray[np.float64] = before + after
        return found


@dataclass(frozen=True)
class BesideNull:
    """Own gains less what random slices gain, as Welch's test takes them.

    Attributes
    ----------
    difference : float
        Its mean over people.
    variance : float
        Of that mean: of the people, and of the draws.
    df : float
        Degrees of freedom, by Welch and Satterthwaite.
    """

    difference: float
    variance: float
    df: float

    @property
    def t(self) -> float:
        """Return the statistic.

        Returns
        -------
        float
        """
        return float(self.difference / np.sqrt(self.variance))


def beside_random_slices(
    gains: Sequence[float], slices: Sequence[SliceGains | None], tries: Sequence[int]
) -> BesideNull | None:
    """Compare own gains with those of random slices that are chosen in as many tries.

    Parameters
    ----------
    gains : sequence of float
        Of n people, n ≥ 2.
    slices : sequence of (SliceGains or None)
        Random slices of the size of each person's, the same object for people who share them; None for somebody with
        whose words nothing was retrained, who gains nothing and would without words.
    tries : sequence of int
        Of each person, ≥ 1.

    Returns
    -------
    BesideNull or None
        None where neither people nor slices spread.

    Notes
    -----
    The mean of x_i - m_i, where m_i is what the best-scored of the person's tries gains on average. Its variance is
    s² / n, of the people, and v, of the draws: the delete-one jackknife's of the mean of m_i, added up over sets of
    slices, which are drawn apart. Random slices do not gain 0: on the animals they lie below the control.

    Examples
    --------
    >>> slices = SliceGains(np.array([0.05, 0.02, 0.03, -0.01, 0, 0.01]))
    >>> found = beside_random_slices([0.06, 0.01, 0.09, 0.04], [slices] * 4, [2] * 4)
    >>> round(found.difference, 6), round(found.t, 6), round(found.df, 6)
    (0.023333, 1.09056, 6.380202)
    """
    n = check_one_length(2, gains=np.array(gains), tries=np.array(tries))
    expected = [0.0 if of is None else of.best_of(k) for of, k in zip(slices, tries, strict=True)]
    less = np.array(gains) - expected
    of_people, of_draws = less.var(ddof=1) / n, 0.0
    parts = of_people**2 / (n - 1)
    for of in {id(each): each for each in slices if each is not None}.values():
        without = sum(of.best_of_without(k) for each, k in zip(slices, tries, strict=True) if each is of) / n
        n_draws = len(of.gains)
        v = (n_draws - 1) * float(np.var(without))
        of_draws, parts = of_draws + v, parts + v**2 / (n_draws - 1)
    variance = of_people + of_draws
    return None if parts == 0 else BesideNull(float(less.mean()), float(variance), float(variance**2 / parts))


@lru_cache(maxsize=256)
def _chances(n: int, tries: int) -> NDArray[np.float64]:
    """With what chance each of n slices is the best-scored of `tries` of them, the best-scored first."""
    check_count(tries, "the number of tries")
    k = min(tries, n)
    return np.array([comb(n - 1 - j, k - 1) / comb(n, k) for j in range(n)])
