"""A pooled correction's report as rows, and its figure: accuracy of each slice and class before and after."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from annotations.analysis.figures.chart_values import Figure, Line, LineChart, Mark, Panel, Series
from annotations.analysis.statistics.estimate_types import wilson_interval
from annotations.analysis.tables.filled_tables import FilledTable
from annotations.models import Correction
from annotations.readings.retraining.corrections import AFTER, BEFORE, CONTROL, SET_NAMES
from annotations.tables.columns import Count, Integer, Share, Table, Text
from annotations.tables.shared import FROM_1, field

MAX_CLASSES = 40  # drawn, those that change most in the minority
_OVERALL = ("worst_group", "average", "average_plain", "gap", "minority", "majority")
_MARKS = (
    Series(BEFORE, "before, with 95% interval", "circle", 4),
    Series(AFTER, "after the correction, with 95% interval", "diamond", 0),
)


@dataclass(frozen=True)
class Measured:
    """One accuracy of a model, overall, of a group or of a part with n images.

    model: before, control, after, or without CLASS.
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


EFFECTS: Table[Measured] = Table(
    "correction_effects.csv",
    "one row per correction, set of images, model and measure",
    "by correction, then model (before, control, after, then without each class), set, then measure",
    (
        Integer("correction", "number of the correction", **FROM_1),
        Text("set", "which images", range="validation, test, second"),
        Text("dataset", "the data set that they are of"),
        Text(
            "model",
            "before: the base model; control: trained without any phrase, each class with the same weight; after: "
            "the correction; without CLASS: the correction without that annotation",
        ),
        Text("what", "what the measure is of", range="overall, group, part"),
        Text("class", "of a part: the class", field("class_name")),
        Text(
            "name",
            "overall: worst_group, average (weighted by the groups' train counts), average_plain, gap, minority and "
            "majority (unweighted means over annotated classes); group: its name; part: minority (above the "
            "annotation's threshold), majority, class",
        ),
        Count("images", "in the group or part", field("n")),
        Share("accuracy", "accuracy; of gap: average less worst group", field("value")),
    ),
)


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
    return Figure(
        f"correction-{correction.pk}-splits",
        "Minority and majority of each annotated class, before and after",
        "Figures 7, 8, 9 and 11",
        "Accuracy on the images of a class above the threshold of its annotation (minority) and at or below it "
        "(majority), of the base model and of the correction, with Wilson's 95% intervals. Validation images have "
        "chosen phrases and thresholds; no test image has chosen anything.",
        report(correction),
        LineChart("accuracy", "share", _MARKS, tuple(panels)),
        "It is not trained yet.",
    )


def _rows(correction: Correction) -> Iterator[Measured]:
    names = correction.base_model.dataset.class_names
    sets = {each["name"]: each for each in correction.effects.get("sets", [])}
    for model in (BEFORE, CONTROL, AFTER):
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
