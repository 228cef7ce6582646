"""Comparisons: of conditions between people, and of tasks within people."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from annotations.analysis.observations.person_tasks import PersonTask
from annotations.analysis.statistics.estimate_types import SEED
from annotations.analysis.statistics.mean_differences import compare_groups, compare_pairs, holm
from annotations.analysis.tables.comparison_columns import Compared
from annotations.analysis.tables.estimands import COMPARED

MAX_TASKS = 20  # of which each two are compared


def compare_conditions(
    rows: Sequence[PersonTask], names: Sequence[str], primary: Collection[str] = (), seed: int = SEED
) -> tuple[Compared, ...]:
    """Compare each two conditions, by measure, in the order of `names`; rows without a condition are passed over.

    primary: the measures that the study declared.
    """
    people = list(dict.fromkeys(row.participant for row in rows if row.condition is not None))
    tasks = sorted({row.task for row in rows})
    condition = {row.participant: row.condition for row in rows}
    compared: list[Compared] = []
    place = {person: i for i, person in enumerate(people)}
    for each in COMPARED:
        values = np.full((len(people), len(tasks)), np.nan)
        for row in rows:
            value = each.of(row)
            if row.participant in place and value is not None:
                values[place[row.participant], tasks.index(row.task)] = value
        for first, second in combinations(names, 2):
            pair = np.array([condition[person] in (first, second) for person in people], np.bool_)
            in_second = np.array([condition[person] == second for person in people], np.bool_)[pair]
            result = compare_groups(values[pair], in_second, np.random.default_rng(seed))
            compared.append(Compared(each.measure, each.over, first, second, result, each.is_primary(primary)))
    return _adjusted(compared)


def compare_tasks(
    rows: Sequence[PersonTask], titles: dict[int, str], primary: Collection[str] = (), seed: int = SEED
) -> tuple[Compared, ...]:
    """Compare each two tasks over the people who have a value on both, by measure. titles: of the tasks by number.

    None of more than MAX_TASKS: experts may have a thousand classes, and half a million comparisons say nothing.
    """
    compared: list[Compared] = []
    if len(titles) > MAX_TASKS:
        return ()
    for each in COMPARED:
        by_task: dict[int, dict[str, float]] = defaultdict(dict)
        for row in rows:
            value = each.of(row)
            if value is not None:
                by_task[row.task][row.participant] = value
        for first, second in combinations(sorted(titles), 2):
            both = sorted(by_task[first].keys() & by_task[second].keys())
            differences = [by_task[second][person] - by_task[first][person] for person in both]
            result = compare_pairs(differences, np.random.default_rng(seed))
            pair = titles[first], titles[second]
            compared.append(Compared(each.measure, each.over, *pair, result, each.is_primary(primary)))
    return _adjusted(compared)


def _adjusted(compared: Sequence[Compared]) -> tuple[Compared, ...]:
    adjusted = holm([each.result.p_value if each.is_primary else None for each in compared])
    return tuple(replace(each, adjusted_p=p) for each, p in zip(compared, adjusted, strict=True))
