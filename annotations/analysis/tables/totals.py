"""Each measure of each task over its people: estimates.csv."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.observations.person_tasks import Basis, Key, PersonTask, RandomDraws
from annotations.analysis.statistics.estimate_types import SEED, Estimate, spread
from annotations.analysis.statistics.estimates import estimate, p_value_of_mean
from annotations.analysis.statistics.mean_differences import holm, is_few, mean_interval, p_value_beside_slices
from annotations.analysis.tables.estimands import ESTIMANDS
from annotations.analysis.tables.measure_columns import Total
from clarify_errors.arrays.retraining.random_slice_gains import SliceGains

_BEYOND, _NOTABLE = 95, 0.02  # a percentile among random slices, and a gain


def totals(
    tasks: Mapping[int, float | None],
    people: Sequence[PersonTask],
    primary: Collection[str],
    seed: int = SEED,
    draws: Mapping[Key, RandomDraws] = MappingProxyType({}),
    known: Mapping[int, float] = MappingProxyType({}),
) -> tuple[Total, ...]:
    """Return the rows of `TOTALS`.

    tasks: the base model's worst group on each; primary: declared measures; draws: random slices beside the run of a
    person's best phrase; known: what the best known word gains on a task, where there is one.
    """
    found = [
        total
        for task, base in tasks.items()
        for total in _of_task(task, base, people, primary, seed, draws, known.get(task))
    ]
    adjusted = holm([total.p_value if total.is_primary else None for total in found])
    return tuple(replace(total, adjusted_p=p) for total, p in zip(found, adjusted, strict=True))


def _of_task(
    task: int,
    base: float | None,
    people: Sequence[PersonTask],
    primary: Collection[str],
    seed: int,
    draws: Mapping[Key, RandomDraws],
    known: float | None,
) -> Iterator[Total]:
    of_task = [row for row in people if row.task == task]
    references = {
        "best_error_score": spread(row.null_mean for row in of_task).mean,
        "worst_group_accuracy": base,
        "worst_group_accuracy_chosen_on_test": base,
    }
    for each in ESTIMANDS:
        values = each.values(of_task)
        found, p_value = estimate(values.present.tolist(), seed, each.least), None
        if each.measure == "own_gain":
            gainers = [row for row, gain in zip(of_task, values.values, strict=True) if not np.isnan(gain)]
            found = _over_finders(found, values.present, gainers, known)
            p_value = _beside_slices(values.present, gainers, draws)
        elif each.measure == "best_error_score":
            unrelated = np.array([np.nan if row.null_mean is None else row.null_mean for row in of_task])
            less = values.values - unrelated
            p_value = p_value_of_mean(less[~np.isnan(less)])
        missing = Counter(filter(None, values.missing))
        of_base = references.get(each.measure)
        yield Total(task, each.measure, each.over, found, missing, of_base, each.is_primary(primary), p_value)


def _over_finders(
    found: Estimate, gains: NDArray[np.float64], people: Sequence[PersonTask], known: float | None
) -> Estimate:
    """A mean own gain, with an interval that allows for the share of finders where they, or the others, are few."""
    finders = _finders(people)
    if found.n < 2 or not is_few(finders):
        return found
    largest = known or 1 - next((row.control_worst_group for row in people if row.control_worst_group is not None), 0.0)
    low, high = mean_interval(gains, finders, largest)
    return replace(found, low=low, high=high, finders=int(finders.sum()))


def _beside_slices(
    gains: NDArray[np.float64], people: Sequence[PersonTask], draws: Mapping[Key, RandomDraws]
) -> float | None:
    """The p-value beside random slices; None where few gain, or few do not, and until everybody's are trained."""
    sets: dict[bytes, SliceGains] = {}
    slices: list[SliceGains | None] = []
    for row in people:
        of_run = draws.get((row.task, row.participant))
        if row.basis is not Basis.RUN:
            slices.append(None)
        elif of_run is None or row.control_worst_group is None:
            return None
        else:
            scores, reached = np.array(of_run.scores), np.array(of_run.worst_groups)
            of_slices = SliceGains.of(reached - row.control_worst_group, scores)
            slices.append(sets.setdefault(scores.tobytes() + reached.tobytes(), of_slices))
    if is_few(_finders(people)):
        return None
    return p_value_beside_slices(gains.tolist(), slices, [max(row.tries, 1) for row in people])


def _finders(people: Sequence[PersonTask]) -> NDArray[np.bool_]:
    """Who gains more than 95 of 100 people with random slices; where these tell nothing, more than two points."""
    return np.array(
        [
            (row.own_gain or 0.0) > _NOTABLE
            if row.random_slice_percentile is None
            else row.random_slice_percentile > _BEYOND
            for row in people
        ],
        np.bool_,
    )
