"""What is averaged over people, and over whom: each measure with its people, and a reason for whoever has no value."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.observations.person_tasks import Basis, PersonTask

NO_CONTROL, NOT_REPORTED, AT_WORK = "no_control", "not_reported", "at_work"  # reasons beside those of `Basis`


class Over(StrEnum):
    """Whom a mean is over.

    allocated: everybody who was given the task, by intention to treat; with_run: those whose best phrase was retrained
    with, the complete cases; with_score, with_any_run: those with a scored phrase, or with a run of any phrase;
    completed, time_over: those who ended the task themselves, and those whom the clock ended.
    """

    ALLOCATED = "allocated"
    WITH_RUN = "with_run"
    WITH_SCORE = "with_score"
    WITH_ANY_RUN = "with_any_run"
    COMPLETED = "completed"
    TIME_OVER = "time_over"


@dataclass(frozen=True)
class Values:
    """A measure of people on a task. values: float64[n], nan where missing; missing: why, empty where there is one."""

    values: NDArray[np.float64]
    missing: tuple[str, ...]

    @property
    def present(self) -> NDArray[np.float64]:
        return self.values[~np.isnan(self.values)]


@dataclass(frozen=True)
class Estimand:
    """A column of summary.csv and whom its mean is over. attribute: of a person's row, else the measure's name."""

    measure: str
    over: Over
    attribute: str | None = None

    @property
    def least(self) -> float:
        """What no value can be below: times, numbers of phrases and accuracies begin at 0."""
        return -inf if self.measure in ("own_gain", "best_error_score") else 0.0

    def of(self, row: PersonTask) -> float | None:
        """Return the value of somebody whom the mean is over."""
        return attrgetter(self.attribute or self.measure)(row) if self._is_over(row) else None

    def values(self, rows: Iterable[PersonTask]) -> Values:
        """Return the values of rows, with a reason for each that is missing."""
        found = [(self.of(row), row) for row in rows]
        missing = tuple("" if value is not None else self._why(row) for value, row in found)
        return Values(np.array([np.nan if value is None else value for value, _ in found], np.float64), missing)

    def is_primary(self, measures: Collection[str]) -> bool:
        """Whether it is one of a study's primary measures, over the people that the measure is first of all over."""
        return self.measure in measures and _FIRST[self.measure] == self

    def _is_over(self, row: PersonTask) -> bool:
        if self.over is Over.WITH_RUN:
            return row.basis is Basis.RUN
        if self.over in _ENDS:
            return row.times.end == _ENDS[self.over]
        return True

    def _why(self, row: PersonTask) -> str:
        if self.over in _ENDS:
            return NOT_REPORTED if self._is_over(row) else row.times.end or AT_WORK
        return NO_CONTROL if row.basis is Basis.RUN else row.basis.value


_ENDS = {Over.COMPLETED: "done", Over.TIME_OVER: "time_over"}  # of `EndReason`


# The first is the headline.
COMPARED = (
    Estimand("own_gain", Over.ALLOCATED),
    Estimand("own_gain", Over.WITH_RUN),
    Estimand("best_error_score", Over.WITH_SCORE),
    Estimand("worst_group_accuracy", Over.ALLOCATED),
    Estimand("worst_group_accuracy", Over.WITH_RUN),
    Estimand("tries", Over.ALLOCATED),
    Estimand("active_time", Over.COMPLETED, "times.active"),
)
_FIRST = {each.measure: each for each in reversed(COMPARED)}  # of a measure: over whom it is, where it is primary
ESTIMANDS = (
    *COMPARED,
    Estimand("active_time", Over.TIME_OVER, "times.active"),
    Estimand("wall_time", Over.COMPLETED, "times.wall"),
    Estimand("wall_time", Over.TIME_OVER, "times.wall"),
    Estimand("worst_group_accuracy_chosen_on_test", Over.WITH_ANY_RUN),
)
