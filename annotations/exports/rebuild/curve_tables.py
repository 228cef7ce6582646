"""What more people bring: the curves of saturation.csv, and the chance of something new of new_concepts.csv."""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence, Set
from math import ceil
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import gammaln

from .concept_rows import TaskConcepts
from .error_scores import Floats, vocabularies
from .mean_tables import wilson
from .release_tables import Release
from .report import Report, room_of_quantile, room_of_sd

MAX_PLACES = 60  # of a curve
SEED, LEVEL, RESAMPLES = 20230, 0.95, 1_000
FEWEST = 5  # people of whom it is told how many more are needed
_MORE = ["more_people", "more_low", "more_high"]


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
        yield dict(zip(("people", "mean", "low", "high"), row, strict=True), is_beyond=False)


def concepts_named(named: Sequence[Set[Hashable]]) -> Iterator[dict[str, Any]]:
    """Yield how many concepts so many people name: rarefied, or extrapolated by Chao2 to twice as many as were asked.

    The interval is normal, its standard error the standard deviation over other people.
    """
    n = len(named)
    held = _holders(named)
    k = np.append(places(n), n + places(n))
    missed = all_within(n, n - np.arange(n + 1), np.minimum(k, n))
    others = _other_people(held, n)
    found = np.array([_named(each, n, k, missed) for each in (held, *others)])
    error = found[1:].std(axis=0, ddof=1)
    half = stats.norm.ppf((1 + LEVEL) / 2)
    for i, people in enumerate(k.tolist()):
        mean, room = found[0, i], half * room_of_sd(found[1:, i])
        ends = {"low": max(mean - half * error[i], 0.0), "high": mean + half * error[i]}
        yield {"people": people, "mean": mean, **ends, "low_room": room, "high_room": room, "is_beyond": people > n}


def _holders(named: Sequence[Set[Hashable]]) -> Floats:
    """Return how many people named each concept."""
    return np.array(list(Counter(each for concepts in named for each in concepts).values()), np.int64)


def _named(held: Floats, n: int, k: Floats, missed: Floats) -> Floats:
    further = _unseen(held, n) * (1 - _stays(held, n) ** np.maximum(k - n, 0))
    found: Floats = (1 - missed[held[held > 0]]).sum(axis=0) + further
    return found


def _unseen(held: Floats, n: int) -> float:
    """Return Chao2's estimate of how many concepts nobody has named yet."""
    once, twice = int((held == 1).sum()), int((held == 2).sum())
    return (n - 1) / n * (once**2 / (2 * twice) if twice else once * (once - 1) / 2)


def _stays(held: Floats, n: int) -> float:
    """Return the share of these that one more person leaves unseen."""
    once, unseen = int((held == 1).sum()), _unseen(held, n)
    return n * unseen / max(n * unseen + once, 1e-12) if once else 1.0


def _other_people(held: Floats, n: int) -> Floats:
    """Return how many of n other people name each concept, a row a resample (Chao et al. 2014, appendix G)."""
    share, unseen = held / n, _unseen(held, n)
    rest = (held == 1).sum() / n * _stays(held, n)  # the chances of the concepts that nobody has named, added up
    tail = share * (1 - share) ** n
    chances = share - (rest / tail.sum() if unseen > 0 else 0.0) * tail
    chances = np.append(chances, np.full(ceil(unseen), rest / max(ceil(unseen), 1)))
    return np.random.default_rng(SEED).binomial(n, chances, (RESAMPLES, len(chances)))


def people_needed(named: Sequence[Set[Hashable]], below: float) -> dict[str, Any]:
    """Return how many more people until the chance of something new is below a threshold; beyond n it is not said."""
    n = len(named)
    held = _holders(named)
    once, chance = int((held == 1).sum()), new_concepts(named)["chance"]
    others = _other_people(held, n)
    chances = [min((each == 1).sum() * (chance / once if once else 1 / n), 1.0) for each in others]
    drawn = np.array([_further(c, _stays(each, n), below) for c, each in zip(chances, others, strict=True)])
    drawn = np.minimum(drawn, n + 1)
    found: dict[str, Any] = {"more_people": min(_further(chance, _stays(held, n), below), n + 1)}
    for name, share in (("more_low", (1 - LEVEL) / 2), ("more_high", (1 + LEVEL) / 2)):
        found[name] = np.quantile(drawn, share, method="inverted_cdf")
        found[f"{name}_room"] = room_of_quantile(drawn, share)
    return found


def _further(chance: float, stays: float, below: float) -> float:
    """Return the fewest m with chance * stays ** m < below."""
    if chance < below:
        return 0.0
    if stays >= 1:
        return np.inf
    return 1.0 if stays <= 0 else float(np.floor(np.log(below / chance) / np.log(stays) + 1e-12) + 1)


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
    means = [{"task": task, **row} for task, sets in named.items() if sets for row in concepts_named(sets)]
    columns = ["mean", "low", "high", "is_beyond"]
    mine = pd.concat(
        [
            pd.DataFrame(rows, columns=["task", "people", *columns, "low_room", "high_room"]).assign(measure=measure)
            for measure, rows in (("best_score", best), ("concepts", means))
        ]
    )
    theirs = release.csv("saturation")
    theirs = theirs[(theirs.measure == "best_score") | theirs.task.isin(concepts)]
    report.compare("saturation", ["task", "measure", "people"], mine, theirs, columns)
    _compare_novelty(release, report, named)
    return mine[~mine.is_beyond.astype(bool)]  # as figures draw them


def _compare_novelty(release: Release, report: Report, named: Mapping[int, Sequence[Set[Hashable]]]) -> None:
    known = vocabularies(release)
    told = {task for task in named if task in known and known[task].level(1) is not None}
    theirs = release.csv("new_concepts")
    theirs = theirs[theirs.task.isin(named)].copy()
    rows = []
    for task, below in zip(theirs.task, theirs.enough_below, strict=True):
        sets = [each for each in named[task] if each]
        row = {"task": task, "counted": "better_than_guessing" if task in told else "all", **new_concepts(sets)}
        row["is_enough"] = None if row["chance_high"] is None else row["chance_high"] < below
        rows.append(row | (people_needed(sets, below) if len(sets) >= FEWEST else {}))
    columns = ["counted", "people", "concepts", "named_once", "chance", "chance_low", "chance_high", "is_enough"]
    mine = pd.DataFrame(rows, columns=["task", *columns, *_MORE, *(f"{name}_room" for name in _MORE)])
    is_told = theirs.people >= FEWEST
    for name in _MORE:  # an empty cell says: more than people
        theirs[name] = theirs[name].fillna(theirs.people + 1).where(is_told)
    report.compare("new_concepts", ["task"], mine, theirs, [*columns, *_MORE])
