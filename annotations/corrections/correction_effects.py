"""What a pooled correction does, as rows, and its figure: accuracy of each slice and class before and after."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from annotations.analysis.figures.chart_values import Figure, Line, LineChart, Mark, Panel, Series
from annotations.analysis.statistics.estimate_types import wilson_interval
from annotations.analysis.tables.filled_tables import FilledTable
from annotations.base.tables.columns import Table, worded

SET_NAMES = {"validation": "Validation", "test": "Test", "second": "Second test set"}
BEFORE, CONTROL, AFTER = "before", "control", "after"  # models of a correction's effects
GAINS = "gains"  # of the corrected one's worst group over those of others, with their intervals
RESTRICTED = "restricted"  # the correction in the annotated classes' rows alone, as it is trained without one of them


MAX_CLASSES = 40  # drawn, those that change most in the minority
_SPLITS = ("minority", "majority")
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


def splits_figure(correction: int, rows: Sequence[Measured], review: str | None = None) -> Figure:
    """Return minority and majority of each annotated class, before and after, on each set of images.

    rows: of this correction; review: said in the title, beside which correction it is.
    """
    sets = dict.fromkeys((row.set, row.dataset) for row in rows)
    panels = [
        Panel(f"{SET_NAMES[name]} ({dataset})", lines, name)
        for name, dataset in sets
        if (lines := tuple(_lines([row for row in rows if row.set == name])))
    ]
    figure = Figure.worded(
        "correction-splits",
        FilledTable(EFFECTS, rows),
        LineChart("accuracy", "share", _MARKS, tuple(panels)),
        key=f"correction-{correction}-splits",
    )
    named = f"Correction {correction} ({review}): minority and majority of each class"
    return figure if review is None else replace(figure, title=named)


def _lines(of_set: Sequence[Measured]) -> Iterator[Line]:
    parts = {(row.class_name, row.name, row.model): row for row in of_set if row.what == "part" and row.n}
    names = list(dict.fromkeys(name for name, part, model in parts if part in _SPLITS and model == BEFORE))

    def change(name: str) -> float:
        before, after = (parts.get((name, _SPLITS[0], model)) for model in (BEFORE, AFTER))
        return 0.0 if before is None or after is None else abs((after.value or 0.0) - (before.value or 0.0))

    most = set(sorted(names, key=change, reverse=True)[:MAX_CLASSES])
    for name in (each for each in names if each in most):
        for split in _SPLITS:
            if (name, split, BEFORE) in parts:
                of_models = [parts[name, split, model] for model in (BEFORE, AFTER)]
                marks = tuple(map(_mark, of_models))
                yield Line(f"{name}, {split} ({of_models[0].n})", marks, key=f"{name}/{split}")


def _mark(row: Measured) -> Mark:
    assert row.value is not None and row.n, "a part with images has an accuracy"
    low, high = wilson_interval(round(row.value * row.n), row.n) or (None, None)
    return Mark(row.model, row.value, row.model, low, high)
