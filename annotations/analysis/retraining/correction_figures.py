"""A pooled correction's report as rows, and its figure: accuracy of each slice and class before and after."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from annotations.analysis.figures.chart_values import Figure, Line, LineChart, Mark, Panel, Series
from annotations.analysis.statistics.estimate_types import wilson_interval
from annotations.analysis.tables.filled_tables import FilledTable
from annotations.models import Correction
from annotations.readings.retraining.corrections import AFTER, BEFORE, CONTROL, RESTRICTED, SET_NAMES
from annotations.tables.columns import Table
from annotations.tables.worded_tables import worded

MAX_CLASSES = 40  # drawn, those that change most in the minority
_OVERALL = ("worst_group", "average", "average_plain", "gap", "minority", "majority")
_MARKS = (
    Series(BEFORE, "before, with 95% interval", "circle", 4),
    Series(AFTER, "after the correction, with 95% interval", "diamond", 0),
)


@dataclass(frozen=True)
class Measured:
    """One accuracy of a model, overall, of a group or of a part with n images.

    model: before, control, after, restricted, or without CLASS.
    """

    correction: int
    set: str
    dataset: str
    model: str
    what: str
    class_name: str
    name: str
    n: int | None
    value: float | None


EFFECTS: Table[Measured] = worded(__package__, "correction_effects")


def report(correction: Correction) -> FilledTable[Measured]:
    """Return the whole report of a correction that is done."""
    return FilledTable(EFFECTS, tuple(_rows(correction)))


def splits_figure(correction: Correction) -> Figure:
    """Return minority and majority of each annotated class, before and after, on each set of images."""
    panels = [
        Panel(f"{SET_NAMES[each['name']]} ({each['dataset']})", lines, each["name"])
        for each in correction.effects.get("sets", [])
        if (lines := tuple(_lines(each, correction.base_model.dataset.class_names)))
    ]
    return Figure.worded(
        "correction-splits",
        report(correction),
        LineChart("accuracy", "share", _MARKS, tuple(panels)),
        key=f"correction-{correction.pk}-splits",
    )


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


def _lines(of: Mapping[str, Any], names: list[str]) -> Iterator[Line]:
    parts = {
        (part["class"], part["part"]): (part, other)
        for part, other in zip(of[BEFORE]["parts"], of[AFTER]["parts"], strict=True)
        if part["part"] != "class" and part["n"]
    }
    labels = sorted({label for label, _ in parts}, key=lambda label: -abs(_change(parts.get((label, "minority")))))
    for label in sorted(labels[:MAX_CLASSES]):
        for name in ("minority", "majority"):
            if (label, name) in parts:
                before, after = parts[label, name]
                marks = (_mark(BEFORE, before), _mark(AFTER, after))
                yield Line(f"{names[label]}, {name} ({before['n']})", marks, key=f"{names[label]}/{name}")


def _change(pair: tuple[Mapping[str, Any], Mapping[str, Any]] | None) -> float:
    return 0.0 if pair is None else float(pair[1]["accuracy"] - pair[0]["accuracy"])


def _mark(series: str, part: Mapping[str, Any]) -> Mark:
    low, high = wilson_interval(round(part["accuracy"] * part["n"]), part["n"]) or (None, None)
    return Mark(series, part["accuracy"], series, low, high)
