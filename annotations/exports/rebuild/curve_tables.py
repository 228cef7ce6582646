"""What more people bring: the curves of saturation.csv, and the chance of something new of new_concepts.csv."""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence, Set
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import gammaln

from .concept_rows import TaskConcepts
from .error_scores import Floats
from .guessing import vocabularies
from .mean_tables import wilson
from .release_tables import Release
from .report import Report

MAX_PLACES = 60  # of a curve
LEVEL = 0.95


def places(n: int) -> Floats:
    """Return the numbers of people that a curve has a point at."""
    return np.unique(np.linspace(1, n, min(n, MAX_PLACES)).round().astype(np.int64))


def all_within(n: int, m: Floats, k: Floats) -> Floats:
    """Return the chance that k of n people are all among m certain ones, C(m, k) / C(n, k): of each m and k."""
    rest = m[:, None] - k
    logs = gammaln(m + 1)[:, None] - gammaln(rest.clip(0) + 1) - gammaln(n + 1) + gammaln(n - k + 1)
    return np.where(rest < 0, 0.0, np.exp(logs))


def best_of(scores: Floats) -> Iterator[dict[str, Any]]:
    """Yield the best score of the first k people: the mean over all orders, and where 95% of them lie."""
    n, k = len(scores), places(len(scores))
    ordered = np.sort(scores)
    below = all_within(n, np.arange(1, n + 1), k)
    means = ordered @ np.diff(below, axis=0, prepend=0.0)
    low, high = (ordered[(below >= tail - 1e-12).argmax(axis=0)] for tail in ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    for row in zip(k.tolist(), means, low, high, strict=True):
        yield dict(zip(("people", "mean", "low", "high"), row, strict=True))


def concept_means(named: Sequence[Set[Hashable]]) -> Iterator[dict[str, Any]]:
    """Yield how many concepts the first k people name, in the mean over all orders."""
    n, k = len(named), places(len(named))
    held = np.array(list(Counter(each for concepts in named for each in concepts).values()))
    means = (1 - all_within(n, n - held, k)).sum(axis=0) if len(held) else np.zeros(len(k))
    yield from ({"people": people, "mean": mean} for people, mean in zip(k.tolist(), means, strict=True))


def new_concepts(named: Sequence[Set[Hashable]]) -> dict[str, Any]:
    """Return the share of people who named something that nobody else did, with its interval."""
    people = [concepts for concepts in named if concepts]
    holders = Counter(each for concepts in people for each in concepts)
    bring_new = sum(any(holders[each] == 1 for each in concepts) for concepts in people)
    low, high = wilson(bring_new, len(people))
    return {
        "people": len(people),
        "concepts": len(holders),
        "named_once": sum(number == 1 for number in holders.values()),
        "chance": bring_new / len(people) if people else None,
        "chance_low": low,
        "chance_high": high,
    }


def rebuild_curves(
    release: Release, report: Report, people: pd.DataFrame, concepts: Mapping[int, TaskConcepts]
) -> pd.DataFrame:
    """Compare saturation.csv and new_concepts.csv; return the rows of the former."""
    scores = {task: rows.best_error_score.dropna().to_numpy() for task, rows in people.groupby("task")}
    named = {task: of.named() for task, of in concepts.items()}
    best = [{"task": task, **row} for task, values in scores.items() if len(values) for row in best_of(values)]
    means = [{"task": task, **row} for task, sets in named.items() if sets for row in concept_means(sets)]
    mine = pd.concat(
        [
            pd.DataFrame(rows, columns=["task", "people", "mean", "low", "high"]).assign(measure=measure)
            for measure, rows in (("best_score", best), ("concepts", means))
        ]
    )
    theirs = release.csv("saturation")
    theirs = theirs[(theirs.measure == "best_score") | theirs.task.isin(concepts)]
    theirs = theirs[~theirs.is_beyond]
    key = ["task", "measure", "people"]
    report.compare("saturation", key, mine, theirs, ["mean"])
    here, there = (rows[rows.measure == "best_score"] for rows in (mine, theirs))
    report.compare("saturation", key, here, there, ["low", "high"])
    why = "Chao2's extrapolation and its intervals are not written again"
    report.not_rebuilt("saturation: low, high and is_beyond of concepts; new_concepts: more_people", why)
    there = release.csv("new_concepts")
    known = vocabularies(release)
    told = {task for task in named if task in known and known[task].level(1) is not None}
    counted = {task: "better_than_guessing" if task in told else "all" for task in named}
    rows = [{"task": task, "counted": counted[task], **new_concepts(sets)} for task, sets in named.items()]
    columns = ["task", "counted", "people", "concepts", "named_once", "chance", "chance_low", "chance_high"]
    fresh = pd.DataFrame(rows, columns=columns)
    there = there[there.task.isin(concepts)]
    report.compare("new_concepts", ["task"], fresh, there, [each for each in fresh.columns if each != "task"])
    return mine
