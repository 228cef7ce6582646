"""Differences of means: conditions.csv between people, tasks_within_people.csv within them."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from .error_scores import Floats
from .mean_tables import holm, interval, is_over, p_value_of_mean
from .release_tables import Release
from .report import Report

_COMPARED = ["first_people", "second_people", "difference", "low", "high", "p_value", "adjusted_p"]
_PERMUTED = ["permutation_p", "orders", "is_exact"]
SEED, MAX_ORDERS, MIN_ORDERS, WORK, AT_ONCE = 20230, 9_999, 999, 5_000_000, 1_000_000
_MEANS = ["first_mean", "second_mean"]
_NOBODY = {"first_people": 0, "second_people": 0, "orders": 0, "is_exact": False}
_KEY = ["measure", "over", "first", "second"]


def rebuild_differences(release: Release, report: Report, people: pd.DataFrame) -> None:
    """Compare both tables by Welch's and Student's t."""
    for name, compare in (("conditions", _between), ("tasks_within_people", _within)):
        theirs = release.csv(name)
        rows = [
            {**dict(zip(_KEY, key, strict=True)), **compare(people, *key)}
            for key in theirs[_KEY].itertuples(index=False, name=None)
        ]
        mine = pd.DataFrame(rows, columns=[*_KEY, *_COMPARED, *_MEANS, *_PERMUTED, "permutation_p_room"])
        mine["adjusted_p"] = holm(mine.p_value.where(theirs.is_primary.astype(bool).to_numpy()))
        report.compare(name, _KEY, mine, theirs, [*_COMPARED, *_MEANS, *_PERMUTED])


def _values(people: pd.DataFrame, measure: str, over: str) -> pd.DataFrame:
    """Return a measure with a row a person and a column a task."""
    rows = people[is_over(people, over)]
    return rows.pivot(index="participant", columns="task", values=measure).astype(float)


def _within(people: pd.DataFrame, measure: str, over: str, first: str, second: str) -> dict[str, Any]:
    """Compare two tasks, which are named by their titles: a number comes first."""
    values = _values(people, measure, over)
    numbers = [int(title.partition(".")[0]) for title in (first, second)]
    if not set(numbers) <= set(values.columns):
        return _NOBODY
    differences = (values[numbers[1]] - values[numbers[0]]).dropna().to_numpy()
    if not len(differences):
        return _NOBODY
    low, high = interval(differences)
    found = {"difference": differences.mean(), "low": low, "high": high, "p_value": p_value_of_mean(differences)}
    found |= _permuted((differences,), "samples")
    return {"first_people": len(differences), "second_people": len(differences), **found}


def _between(people: pd.DataFrame, measure: str, over: str, first: str, second: str) -> dict[str, Any]:
    """Compare two groups of people over the tasks that both have, one value a person."""
    condition = people.drop_duplicates("participant").set_index("participant").condition
    values = _values(people, measure, over).dropna(how="all")
    groups = [values[condition.reindex(values.index).eq(name).to_numpy()] for name in (first, second)]
    sizes = {"first_people": len(groups[0]), "second_people": len(groups[1])}
    shared = groups[0].notna().any() & groups[1].notna().any()
    if not shared.any():
        return {**_NOBODY, **sizes}
    one, other = (_person_values(group.loc[:, shared].to_numpy()) for group in groups)
    means = {"first_mean": one.mean(), "second_mean": other.mean(), "difference": other.mean() - one.mean()}
    means |= _permuted((other, one), "independent")
    if min(len(one), len(other)) < 2 or (np.ptp(one) == 0 and np.ptp(other) == 0):
        return {**sizes, **means}
    found = stats.ttest_ind(other, one, equal_var=False)
    ends = found.confidence_interval(0.95)
    return {**sizes, **means, "low": ends.low, "high": ends.high, "p_value": found.pvalue}


def _permuted(samples: tuple[Floats, ...], kind: Any) -> dict[str, Any]:
    """Return the p-value of a permutation test of the difference of means, its orders, and whether these are all."""
    if min(map(len, samples)) < 2:
        return {"orders": 0, "is_exact": False}
    n = sum(map(len, samples))
    most = int(np.clip(WORK // n, MIN_ORDERS, MAX_ORDERS))
    found = stats.permutation_test(
        samples, _far_from_0, permutation_type=kind, alternative="greater", vectorized=True, n_resamples=most,
        batch=max(1, AT_ONCE // n), rng=np.random.default_rng(SEED),
    )  # fmt: skip
    p, orders = float(found.pvalue), len(found.null_distribution)
    room = 0.0 if orders < most else 3 * np.sqrt(2 * p * (1 - p) / orders)
    return {"permutation_p": p, "orders": orders, "is_exact": orders < most, "permutation_p_room": room}


def _far_from_0(*samples: Floats, axis: int = -1) -> Floats:
    means = [each.mean(axis=axis) for each in samples]
    far: Floats = np.abs(means[0] - (means[1] if len(means) > 1 else 0.0))
    return far


def _person_values(values: Floats) -> Floats:
    """Return one value a person, whose mean is the mean over tasks of the group's means."""
    present = ~np.isnan(values)
    mean = np.nanmean(values, axis=0)
    shares = np.where(present, values - mean, 0.0) / (present.sum(axis=0) * values.shape[1])
    found: Floats = mean.mean() + len(values) * shares.sum(axis=1)
    return found
