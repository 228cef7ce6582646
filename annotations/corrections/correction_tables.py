"""The pooled corrections of a study as tables, those that are trained: what each is made from, and what it does."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from annotations.analysis.figures.chart_values import Figure
from annotations.analysis.tables.filled_tables import FilledTable
from annotations.base.tables.columns import Table, worded
from annotations.corrections import correction_reports as reading
from annotations.corrections.correction_effects import (
    AFTER,
    BEFORE,
    CONTROL,
    EFFECTS,
    RESTRICTED,
    Measured,
    splits_figure,
)
from annotations.corrections.correction_reports import PartOf, parts_of
from annotations.models import Correction, JobState, Study

_OVERALL = ("worst_group", "average", "average_plain", "gap", "minority", "majority")


@dataclass(frozen=True)
class CorrectionTables:
    """figures: minority and majority before and after, of each correction."""

    corrections: FilledTable[Correction]
    annotations: FilledTable[PartOf]
    effects: FilledTable[Measured]
    figures: tuple[Figure, ...]

    @property
    def all(self) -> tuple[FilledTable[Any], ...]:
        return self.corrections, self.annotations, self.effects


def correction_tables(study: Study) -> CorrectionTables:
    """Return the tables of the corrections that a study has now, the oldest first."""
    trained = [each for each in reversed(reading.listed(study)) if each.state == JobState.DONE]
    effects = {each: report(each).rows for each in trained}
    return CorrectionTables(
        corrections=FilledTable(CORRECTIONS, trained),
        annotations=FilledTable(ANNOTATIONS, [part for each in trained for part in parts_of(each)]),
        effects=FilledTable(EFFECTS, [row for rows in effects.values() for row in rows]),
        figures=tuple(splits_figure(each.pk, rows, each.review) for each, rows in effects.items()),
    )


def report(correction: Correction) -> FilledTable[Measured]:
    """Return the whole report of a correction that is done."""
    return FilledTable(EFFECTS, tuple(_rows(correction)))


def _rows(correction: Correction) -> Iterator[Measured]:
    names = correction.base_model.dataset.class_names
    sets = {each["name"]: each for each in correction.effects.get("sets", [])}
    for model in (BEFORE, CONTROL, AFTER, RESTRICTED):
        for each in (each for each in sets.values() if model in each):  # before 0.11 there was no control
            yield from _measured(correction, each, each[model], model)
    for without in correction.ablations:
        for each in without["sets"]:
            model = f"without {names[without['class']]}"
            yield from _measured(correction, sets[each["name"]], each["after"], model)


def _measured(
    correction: Correction, of: Mapping[str, Any], values: Mapping[str, Any], model: str
) -> Iterator[Measured]:
    where, names = (correction.pk, of["name"], of["dataset"], model), correction.base_model.dataset.class_names
    for name in _OVERALL:
        yield Measured(*where, "overall", "", name, None, values[name])
    for group, accuracy, n in zip(of["groups"], values["accuracies"], values["counts"], strict=True):
        yield Measured(*where, "group", "", group, n, accuracy)
    for part in values["parts"]:
        yield Measured(*where, "part", names[part["class"]], part["part"], part["n"], part["accuracy"])


def _on_test(correction: Correction, less: str) -> float | None:
    return reading.worst_group_gain(correction.effects, less)


def _ends(gain: str, less: str) -> dict[str, Callable[[Correction], float | None]]:
    """The columns of a gain's interval."""

    def end(place: int) -> Callable[[Correction], float | None]:
        return lambda row: (reading.gain_interval(row.effects, less) or (None, None))[place]

    return {f"{gain}_low": end(0), f"{gain}_high": end(1)}


CORRECTIONS: Table[Correction] = worded(
    __package__,
    "corrections",
    {
        "review_reason": lambda row: row.review_reason or None,
        "own_gain": lambda row: _on_test(row, CONTROL),
        "gain": lambda row: _on_test(row, BEFORE),
        **_ends("own_gain", CONTROL),
        **_ends("gain", BEFORE),
    },
)
ANNOTATIONS: Table[PartOf] = worded(__package__, "correction_annotations", {"text": lambda row: row.words})
