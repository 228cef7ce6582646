"""Each measure of each task over its people: estimates.csv."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.observations.person_tasks import PersonTask
from annotations.analysis.statistics.estimate_types import SEED, spread
from annotations.analysis.statistics.estimates import estimate, p_value_of_mean
from annotations.analysis.statistics.mean_differences import holm
from annotations.analysis.tables.comparison_columns import Total
from annotations.analysis.tables.estimands import ESTIMANDS


def totals(
    tasks: Mapping[int, float | None], people: Sequence[PersonTask], primary: Collection[str], seed: int = SEED
) -> tuple[Total, ...]:
    """Return the rows of `TOTALS`. tasks: the base model's worst group on each; primary: declared measures."""
    found = [total for task, base in tasks.items() for total in _of_task(task, base, people, primary, seed)]
    adjusted = holm([total.p_value if total.is_primary else None for total in found])
    return tuple(replace(total, adjusted_p=p) for total, p in zip(found, adjusted, strict=True))


def _of_task(
    task: int, base: float | None, people: Sequence[PersonTask], primary: Collection[str], seed: int
) -> Iterator[Total]:
    of_task = [row for row in people if row.task == task]
    references = {
        "best_error_score": spread(row.null_mean for row in of_task).mean,
        "worst_group_accuracy": base,
        "worst_group_accuracy_chosen_on_test": base,
    }
    for each in ESTIMANDS:
        values = each.values(of_task)
        yield Total(
            task,
            each.measure,
            each.over,
            estimate(values.present.tolist(), seed, each.least),
            Counter(filter(None, values.missing)),
            references.get(each.measure),
            each.is_primary(primary),
            p_value_of_mean(_less_null(each.measure, values.values, of_task)),
        )


def _less_null(measure: str, values: NDArray[np.float64], people: Sequence[PersonTask]) -> NDArray[np.float64]:
    """What is 0 on average where people's words did nothing; empty for measures of which that cannot be said."""
    if measure == "best_error_score":
        values = values - np.array([np.nan if row.null_mean is None else row.null_mean for row in people])
    elif measure != "own_gain":
        return np.empty(0)
    return values[~np.isnan(values)]
