"""Means over people with their intervals, and comparisons of conditions and of tasks: estimates.csv and its like."""

import json
import warnings
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from .error_scores import Floats
from .release_tables import Release
from .report import Report
from .run_accuracies import TaskAccuracies

SEED, LEVEL = 20230, 0.95
MAX_RESAMPLES, MIN_RESAMPLES, WORK, AT_ONCE = 10_000, 1_000, 5_000_000, 1_000_000
COMPARED = [
    ("own_gain", "allocated"),
    ("own_gain", "with_run"),
    ("best_error_score", "with_score"),
    ("worst_group_accuracy", "allocated"),
    ("worst_group_accuracy", "with_run"),
    ("tries", "allocated"),
    ("active_time", "completed"),
]
ESTIMANDS = [
    *COMPARED,
    ("active_time", "time_over"),
    ("wall_time", "completed"),
    ("wall_time", "time_over"),
    ("worst_group_accuracy_chosen_on_test", "with_any_run"),
]
_ENDS = {"completed": "done", "time_over": "time_over"}
_OTHER_SEEDS = 8  # intervals that say how far one lies from another by chance
CLOSED = ["participants", "missing", "mean", "sd", "median", "max", "base_model", "random_words"]


def wilson(successes: int, n: int) -> tuple[float | None, float | None]:
    """Return Wilson's interval of a share."""
    if not n:
        return None, None
    found = stats.binomtest(successes, n).proportion_ci(LEVEL, method="wilson")
    return float(found.low), float(found.high)


def is_over(people: pd.DataFrame, over: str) -> pd.Series:
    """Return whom a mean is over."""
    if over == "with_run":
        return people.basis.eq("run")
    return people.task_end.eq(_ENDS[over]) if over in _ENDS else pd.Series(True, people.index)


def missing(people: pd.DataFrame, measure: str, over: str) -> Counter[str]:
    """Return how many people have no value, by reason."""
    inside = is_over(people, over)
    reasons = people.basis.mask(people.basis.eq("run"), "no_control")
    if over in _ENDS:
        reasons = people.task_end.fillna("at_work").mask(inside, "not_reported")
    return Counter(reasons[~inside | people[measure].isna()])


def interval(values: Floats) -> tuple[float | None, float | None]:
    """Return Student's interval of a mean; the value itself where all are equal."""
    if len(values) < 2:
        return None, None
    if (values == values[0]).all():
        return float(values[0]), float(values[0])
    low, high = stats.t.interval(LEVEL, len(values) - 1, values.mean(), stats.sem(values))
    return float(low), float(high)


def bca(values: Floats) -> dict[str, Any]:
    """Return the BCa interval of a mean, and how far its ends lie from another one's by chance."""
    if len(values) < 2:
        return {"resamples": 0}
    resamples = int(np.clip(WORK // len(values), MIN_RESAMPLES, MAX_RESAMPLES))
    if (values == values[0]).all():
        return {"bca_low": values[0], "bca_high": values[0], "resamples": resamples}
    found = [_bca(np.sort(values), resamples, SEED + turn) for turn in range(1 + _OTHER_SEEDS)]
    low, high = found[0]
    rooms = 3 * np.sqrt(2) * np.nanstd(found, axis=0, ddof=1)
    ends = {"bca_low": low, "bca_high": high, "resamples": resamples}
    return {**ends, "bca_low_room": rooms[0], "bca_high_room": rooms[1]}


def _bca(values: Floats, resamples: int, seed: int) -> tuple[float, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of few values all resamples may lie on one side: no interval
        found = stats.bootstrap(
            (values,), np.mean, n_resamples=resamples, batch=max(1, AT_ONCE // len(values)), method="BCa",
            rng=np.random.default_rng(seed),
        ).confidence_interval  # fmt: skip
    return float(found.low), float(found.high)


def _p_value(people: pd.DataFrame, measure: str, over: str) -> float | None:
    """Of Student's test that words did nothing on average; None for measures of which that cannot be said."""
    if measure not in ("own_gain", "best_error_score"):
        return None
    values = people[measure] if measure == "own_gain" else people[measure] - people.null_mean
    return p_value_of_mean(values[is_over(people, over)].dropna().to_numpy(np.float64))


def p_value_of_mean(values: Floats) -> float | None:
    """Return the two-sided p-value that a mean is 0; None where values do not spread."""
    if len(values) < 2 or (values == values[0]).all():
        return None
    return float(stats.ttest_1samp(values, 0.0).pvalue)


def holm(p_values: pd.Series) -> pd.Series:
    """Return Holm's adjusted p-values of those that are there."""
    ordered = p_values.dropna().astype(float).sort_values(kind="stable")
    factors = np.arange(len(ordered), 0, -1)
    adjusted = np.minimum(np.maximum.accumulate(ordered.to_numpy() * factors), 1.0)
    return pd.Series(adjusted, ordered.index, dtype=float).reindex(p_values.index)


def rebuild_means(
    release: Release, report: Report, people: pd.DataFrame, found: Mapping[int, TaskAccuracies]
) -> pd.DataFrame:
    """Compare estimates.csv; return its rows."""
    theirs = release.csv("estimates")
    methods = release.csv("baselines").set_index("task")  # of tasks without lowest tables
    bases = methods.worst_group_accuracy[methods.method.eq("base_model")].to_dict()
    rows = []
    for task in theirs.task.unique():
        of_task = people[people.task == task].sort_values("participant")
        again = found[task].base if task in found else None
        base = again["worst_group_accuracy"] if again else bases.get(task)
        for measure, over in ESTIMANDS:
            values = of_task[measure][is_over(of_task, over)].dropna().to_numpy(np.float64)
            low, high = interval(values)
            row = {"task": task, "measure": measure, "over": over, "participants": len(values)}
            row["missing"] = json.dumps(dict(sorted(missing(of_task, measure, over).items())))
            if len(values):
                row |= {"mean": values.mean(), "median": np.median(values), "max": values.max()}
            if len(values) > 1:
                row["sd"] = values.std(ddof=1)
            row |= {"mean_low": low, "mean_high": high, **bca(values), "p_value": _p_value(of_task, measure, over)}
            if measure.startswith("worst_group"):
                row["base_model"] = base
            if measure == "best_error_score":
                row["random_words"] = of_task.null_mean.mean()
            rows.append(row)
    key = ["task", "measure", "over"]
    rooms = ["bca_low_room", "bca_high_room"]
    ends = ["mean_low", "mean_high", "bca_low", "bca_high"]
    mine = pd.DataFrame(rows, columns=[*key, *CLOSED, *ends, "resamples", "p_value", *rooms])
    declared = theirs.set_index(key).is_primary.astype(bool)
    mine["adjusted_p"] = holm(mine.p_value.where(declared.reindex(pd.MultiIndex.from_frame(mine[key])).to_numpy()))
    columns = [each for each in mine.columns if each in theirs.columns and each not in key]
    report.compare("estimates", key, mine, theirs, columns)
    return mine


_COMPARED = ["first_people", "second_people", "difference", "low", "high", "p_value", "adjusted_p"]
_PERMUTED = ["permutation_p", "orders", "is_exact"]
MAX_ORDERS, MIN_ORDERS = 9_999, 999
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
