"""The figures of a release, drawn by its specifications of the tables that were computed again."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import vl_convert

from annotations.analysis.observations.person_tasks import PersonTask
from annotations.analysis.statistics.estimate_types import wilson_interval
from annotations.analysis.tables.estimands import ESTIMANDS
from annotations.exports.rebuild.people_tables import table_of
from annotations.exports.rebuild.release_tables import Release
from annotations.exports.rebuild.report import Report

SCALE = 2  # of the PNG, as in the release
_PER = {"own-gain": 0.01, "annotation-time": 60.0}  # units of a measure that are one of the chart's
_CURVES = {"new-concepts": "concepts", "best-score-over-people": "best_score"}
Value = dict[str, Any]


@dataclass(frozen=True)
class Rebuilt:
    """The tables that figures are drawn of."""

    people: Sequence[PersonTask]
    experts: Sequence[PersonTask]
    means: pd.DataFrame
    methods: pd.DataFrame
    splits: pd.DataFrame
    curves: pd.DataFrame
    together: pd.DataFrame
    places: pd.DataFrame
    machine: pd.DataFrame
    corrected: pd.DataFrame

    def values(self, figure: str) -> dict[tuple[Any, ...], Value]:
        """Return the values of a figure by what tells them: data set, panel, line, and whose or which."""
        per = _PER.get(figure, 1.0)
        if figure in ("own-gain", "error-scores", "annotation-time", "worst-group"):
            found = [*self._dots(per), *self._means(per)]
            return dict([*found, *(self._guesses() if figure == "error-scores" else ()), *self._methods()])
        if figure == "splits":
            rows = self.splits[self.splits.split == "test"]
            return dict(_before_and_after(rows, (("marks", row.task, row.part) for row in rows.itertuples())))
        if figure == "machine-splits":
            rows = self.machine
            lines = (f"{row.whose}/{row.list_digest[:8]}/{row.part}" for row in rows.itertuples())
            keys = (("marks", task, line) for task, line in zip(rows.task, lines, strict=True))
            return dict(_before_and_after(rows.rename(columns={"n": "images"}), keys))
        if figure.startswith("correction-"):
            rows = self.corrected[self.corrected.correction == int(figure.split("-")[1])]
            keys = (("marks", row.set, f"{row.of_class}/{row.part}") for row in rows.itertuples())
            return dict(_before_and_after(rows, keys))
        if figure in _CURVES:
            rows = self.curves[self.curves.measure == _CURVES[figure]]
            return {("curve", row.task, row.people): _known(row, "mean", "low", "high") for row in rows.itertuples()}
        if figure == "concepts-together":
            return dict(self._together())
        if figure == "concept-map":
            return {
                ("place", row.task, 0 if pd.isna(row.concept) else int(row.concept), row.text, round(row.x, 6)): {
                    "x": row.x,
                    "y": row.y,
                }
                for row in self.places.itertuples()
            }
        return {}

    def _dots(self, per: float) -> Iterator[tuple[tuple[Any, ...], Value]]:
        for each in ESTIMANDS:
            for row in self.people:
                if (value := each.of(row)) is not None:
                    yield ("dots", row.task, f"{each.measure}/{each.over}", row.participant), {"value": value / per}
        for row in self.experts:
            yield ("dots", row.task, "experts", row.participant), {"value": row.best_error_score}

    def _means(self, per: float) -> Iterator[tuple[tuple[Any, ...], Value]]:
        for row in self.means.itertuples():
            found = {"value": row.mean, "low": row.mean_low, "high": row.mean_high}
            yield (
                ("marks", row.task, f"{row.measure}/{row.over}", "people"),
                {name: value / per for name, value in found.items() if pd.notna(value)},
            )

    def _guesses(self) -> Iterator[tuple[tuple[Any, ...], Value]]:
        for task, rows in table_of(self.people).groupby("task"):
            mean, level = rows.null_mean.mean(), rows.null_level.mean()
            yield ("marks", task, "best_error_score", "random"), {"value": mean, "low": mean, "high": level}
            levels = rows.vocabulary_level[rows.vocabulary_level > 0]
            if len(levels):
                yield ("references", task, "vocabulary_level"), {"value": levels.quantile(0.5, "lower")}

    def _methods(self) -> Iterator[tuple[tuple[Any, ...], Value]]:
        for row in self.methods.itertuples():
            yield ("references", row.task, row.method), {"value": row.worst_group_accuracy}
            yield ("marks", row.task, row.method, "methods"), {"value": row.worst_group_accuracy}

    def _together(self) -> Iterator[tuple[tuple[Any, ...], Value]]:
        for row in self.together.itertuples():
            for name in ("learned", "held_out"):
                yield ("marks", row.task, str(row.concepts), name), {"value": getattr(row, name)}
            for name in ("shuffled", "random"):
                mean, level = getattr(row, name), getattr(row, f"{name}_level")
                if pd.notna(mean):
                    key = ("marks", row.task, str(row.concepts), name)
                    yield key, {"value": mean, "low": mean, "high": level}


def _before_and_after(rows: pd.DataFrame, keys: Iterable[tuple[Any, ...]]) -> Iterator[tuple[tuple[Any, ...], Value]]:
    """Yield the accuracies of parts of images, each with Wilson's interval."""
    for key, row in zip(keys, rows.itertuples(), strict=True):
        for name in ("before", "after"):
            value = getattr(row, name)
            if pd.notna(value):
                ends = wilson_interval(round(value * row.images), int(row.images)) or (None, None)
                yield (*key, name), {"value": value, "low": ends[0], "high": ends[1]}


def _known(row: Any, *names: str) -> Value:
    return {name: getattr(row, name) for name in names if pd.notna(getattr(row, name))}


def draw_figures(release: Release, report: Report, rebuilt: Rebuilt, output: Path) -> None:
    """Draw every figure of the release, and say of which values the release's own were drawn."""
    for path in sorted((release.folder / "figures").glob("*.json")):
        drawn = json.loads(path.read_text("utf-8"))
        figure = drawn.get("usermeta", {}).get("figure", path.stem)
        kept = _fill(drawn, figure, rebuilt.values(figure))
        report.compared[f"figure {path.stem}"] = _count(drawn) - kept
        if kept:
            report.not_rebuilt(f"figure {path.stem}: {kept} values", "their table is not, so the release's are drawn")
        png = vl_convert.vegalite_to_png(drawn, vl_version=vl_convert.get_vegalite_versions()[-1], scale=SCALE)
        (output / f"rebuilt_{path.stem}.png").write_bytes(png)


def _rows(drawn: dict[str, Any]) -> Iterator[tuple[str, Value]]:
    """Yield the data of a specification that are numbers of a table, with the name of their data set."""
    for name, rows in drawn.get("datasets", {}).items():
        yield from ((name, row) for row in rows if {"value", "mean", "x"} & row.keys() and "panel" in row)


def _count(drawn: dict[str, Any]) -> int:
    return sum(1 for _ in _rows(drawn))


def _fill(drawn: dict[str, Any], figure: str, values: dict[tuple[Any, ...], Value]) -> int:
    """Put values in the place of the release's; return how many data keep the release's."""
    kept = 0
    for name, row in _rows(drawn):
        if figure in _CURVES:
            key: tuple[Any, ...] = ("curve", row["panel"], row["people"])
        elif figure == "concept-map":
            key = ("place", row["panel"], row["concept"], row["text"], round(row["x"], 6))
        else:
            key = (name, row["panel"], *([row["line"]] if "line" in row else []), row.get("who", row.get("key")))
        value = values.get(key)
        kept += value is None
        row.update({name: float(each) for name, each in (value or {}).items() if name in row})
    return kept
