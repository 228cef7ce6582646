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
_MEANS = ["first_mean", "second_mean"]
_KEY = ["measure", "over", "first", "second"]


def rebuild_differences(release: Release, report: Report, people: pd.DataFrame) -> None:
    """Compare both tables by Welch's and Student's t."""
    for name, compare in (("conditions", _between), ("tasks_within_people", _within)):
        theirs = release.csv(name)
        rows = [
            {**dict(zip(_KEY, key, strict=True)), **compare(people, *key)}
            for key in theirs[_KEY].itertuples(index=False, name=None)
        ]
        mine = pd.DataFrame(rows, columns=[*_KEY, *_COMPARED, *_MEANS])
        mine["adjusted_p"] = holm(mine.p_value.where(theirs.is_primary.astype(bool).to_numpy()))
        columns = [*_COMPARED, *(_MEANS if name == "conditions" else [])]
        report.compare(name, _KEY, mine, theirs, columns)
    report.not_rebuilt("conditions, tasks_within_people: permutation_p", "of random orders; it stands beside p_value")


def _values(people: pd.DataFrame, measure: str, over: str) -> pd.DataFrame:
    """Return a measure with a row a person and a column a task."""
    rows = people[is_over(people, over)]
    return rows.pivot(index="participant", columns="task", values=measure).astype(float)


def _within(people: pd.DataFrame, measure: str, over: str, first: str, second: str) -> dict[str, Any]:
    """Compare two tasks, which are named by their titles: a number comes first."""
    values = _values(people, measure, over)
    numbers = [int(title.partition(".")[0]) for title in (first, second)]
    if not set(numbers) <= set(values.columns):
        return {"first_people": 0, "second_people": 0}
    differences = (values[numbers[1]] - values[numbers[0]]).dropna().to_numpy()
    if not len(differences):
        return {"first_people": 0, "second_people": 0}
    low, high = interval(differences)
    found = {"difference": differences.mean(), "low": low, "high": high, "p_value": p_value_of_mean(differences)}
    return {"first_people": len(differences), "second_people": len(differences), **found}


def _between(people: pd.DataFrame, measure: str, over: str, first: str, second: str) -> dict[str, Any]:
    """Compare two groups of people over the tasks that both have, one value a person."""
    condition = people.drop_duplicates("participant").set_index("participant").condition
    values = _values(people, measure, over).dropna(how="all")
    groups = [values[condition.reindex(values.index).eq(name).to_numpy()] for name in (first, second)]
    sizes = {"first_people": len(groups[0]), "second_people": len(groups[1])}
    shared = groups[0].notna().any() & groups[1].notna().any()
    if not shared.any():
        return sizes
    one, other = (_person_values(group.loc[:, shared].to_numpy()) for group in groups)
    means = {"first_mean": one.mean(), "second_mean": other.mean(), "difference": other.mean() - one.mean()}
    if min(len(one), len(other)) < 2 or (np.ptp(one) == 0 and np.ptp(other) == 0):
        return {**sizes, **means}
    found = stats.ttest_ind(other, one, equal_var=False)
    ends = found.confidence_interval(0.95)
    return {**sizes, **means, "low": ends.low, "high": ends.high, "p_value": found.pvalue}


def _person_values(values: Floats) -> Floats:
    """Return one value a person, whose mean is the mean over tasks of the group's means."""
    present = ~np.isnan(values)
    mean = np.nanmean(values, axis=0)
    shares = np.where(present, values - mean, 0.0) / (present.sum(axis=0) * values.shape[1])
    found: Floats = mean.mean() + len(values) * shares.sum(axis=1)
    return found
