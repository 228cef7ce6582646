"""Draw the figures of this release again from its CSV files alone; rebuild.py calls it.

Needs pandas and matplotlib. One cannot be drawn: panels shows images, and no image is in a release. An export has fewer
tables than a release, and so fewer figures.
"""

import math
import textwrap
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # the backend comes first
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Drawn = Figure | None
MAX_TASKS = 40  # of one figure, as in the release's own
MAX_PHRASES = 200  # of a list
NAN = float("nan")
Z = 1.959964  # of a normal distribution, 95% lie within
BLUE, ORANGE, PURPLE, GREY = "#1f6f8b", "#c0504d", "#7a5195", "#5f6068"


class Mark(NamedTuple):
    """A value with its interval, where it has one. shape: a marker of matplotlib."""

    value: float
    shape: str
    colour: str
    low: float = NAN
    high: float = NAN


class Line(NamedTuple):
    """One line of a chart. dots: a value for each person."""

    label: str
    dots: list[float]
    marks: list[Mark]


Panels = list[tuple[str, list[Line]]]  # each with its title


class Release(NamedTuple):
    """The tables of an unpacked release."""

    folder: Path

    def rows(self, name: str) -> pd.DataFrame:
        """Read a table; only an empty cell is a missing value. Raises FileNotFoundError."""
        words = {"text": str, "phrase": str, "name": str}
        return pd.read_csv(self.folder / f"{name}.csv", keep_default_na=False, na_values=[""], dtype=words)

    def optional(self, name: str) -> pd.DataFrame:
        """Read a table that adds to a figure; no rows where it is not here, as in an export."""
        return self.rows(name) if (self.folder / f"{name}.csv").exists() else pd.DataFrame({"task": []})

    def estimates(self, measure: str) -> dict[int, Any]:
        """Of each task the row of estimates.csv with what is known of a measure's mean."""
        rows = self.optional("estimates")
        return {row.task: row for row in rows.itertuples() if row.measure == measure}


def of_error_scores(release: Release) -> Drawn:
    people, experts = release.rows("summary"), release.optional("experts")
    means = release.estimates("best_error_score")

    def lines(task: int) -> Iterator[Line]:
        yield people_line("participants", of(people, task).best_error_score, means.get(task))
        marks = [Mark(row.best_error_score, "D", ORANGE) for row in of(experts, task).itertuples()]
        yield Line("experts", [], marks)
        mean, level = (means[task].random_words if task in means else NAN), of(people, task).null_level.mean()
        yield Line("random words: mean to 95% level", [], [Mark(mean, "|", GREY, mean, level)])

    return line_chart(panels(people, lines), "best error score on validation")


def of_times(release: Release) -> Drawn:
    people = release.rows("summary")
    names = {"active_time": "active", "waiting_time": "waiting for scores", "wall_time": "from start to end"}

    def lines(task: int) -> Iterator[Line]:
        for name, label in names.items():
            yield people_line(label, of(people, task)[name] / 60, release.estimates(name).get(task), 1 / 60)

    return line_chart(panels(people, lines), "minutes")


def of_worst_group(release: Release) -> Drawn:
    people, methods = release.rows("summary"), release.optional("baselines")
    names = {"": "best error score of each", "_chosen_on_test": "chosen on test (optimistic)"}

    def lines(task: int) -> Iterator[Line]:
        for row in of(methods, task).itertuples():
            value, sd = 100 * row.worst_group_accuracy, 100 * row.worst_group_accuracy_sd
            yield Line(row.name, [], [Mark(value, "s", PURPLE, value - sd, value + sd)])
        for end, label in names.items():
            measure = f"worst_group_accuracy{end}"
            yield people_line(label, 100 * of(people, task)[measure], release.estimates(measure).get(task), 100)

    rows = pd.concat([methods[["task"]], people[["task"]]])
    return line_chart(panels(rows, lines), "worst-group accuracy on test, %")


def of_splits(release: Release) -> Drawn:
    rows = release.rows("splits")
    rows = rows[(rows.split == "test") & (rows.images > 0)]

    def lines(task: int) -> Iterator[Line]:
        for row in of(rows, task).itertuples():
            yield Line(f"{row.part} ({row.images})", [], before_after(row.before, row.after, row.images))

    return line_chart(panels(rows, lines, "phrase"), "accuracy on test before (circle) and after (diamond), %")


def of_correction(release: Release, number: int) -> Drawn:
    """A panel for each set of images, with minority and majority of the classes that change most."""
    parts = release.rows("correction_effects")
    parts = parts[(parts.correction == number) & (parts.what == "part") & parts.name.isin(["minority", "majority"])]
    wide = parts[parts.model.isin(["before", "after"])].pivot_table(
        index=["set", "class", "name", "images"], columns="model", values="accuracy"
    )
    if wide.empty:
        return None
    found = []
    for images, of_set in wide.reset_index().groupby("set", sort=False):
        change = (of_set.after - of_set.before).abs().where(of_set.name == "minority")
        most = of_set.loc[change.nlargest(MAX_TASKS).index, "class"]
        rows = of_set[of_set["class"].isin(most)].sort_values(["class", "name"], ascending=[True, False])
        lines = [
            Line(f"{row[2]}, {row.name} ({row.images:.0f})", [], before_after(row.before, row.after, row.images))
            for row in rows.itertuples()
        ]
        found.append((f"{images}", lines))
    return line_chart(found, "accuracy before (circle) and after (diamond), %")


def of_saturation(release: Release, measure: str, label: str) -> Drawn:
    """What the first so many people bring, over random orders of them, with where 95% of orders lie."""
    points = release.rows("saturation")
    points = points[points.measure == measure]
    figure, grid = figure_of(points, 2.4)
    for axes, (task, curve) in zip(grid, points.groupby("task"), strict=False):
        axes.plot(curve.people, curve["mean"], marker=".", color=BLUE)
        axes.fill_between(curve.people, curve.low, curve.high, alpha=0.2, color=BLUE)
        axes.set(title=f"task {task}", xlabel="people", ylabel=label, ylim=(0, None))
    return figure


def of_together(release: Release) -> Drawn:
    """The error score of the union of 1, 2, ... concepts on images that had no part in choosing, beside chance."""
    rows = release.rows("concepts_together")
    figure, grid = figure_of(rows, 3)
    for axes, (task, of_task) in zip(grid, rows.groupby("task"), strict=False):
        axes.plot(of_task.concepts, of_task.held_out, "o-", label="the concepts of people")
        for name, label in (("random", "random directions"), ("shuffled", "errors shuffled")):
            axes.plot(of_task.concepts, of_task[name], "s--", label=f"{label}: mean")
            axes.plot(of_task.concepts, of_task[f"{name}_level"], "^:", label=f"{label}: 19 of 20 are below")
        axes.set(title=f"task {task}", xlabel="concepts together", ylabel="error score of the union", ylim=(0, 1))
        axes.set_xticks(of_task.concepts)
        axes.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def of_map(release: Release) -> Drawn:
    """Phrases near each other where the encoder takes them for alike, larger the more people said them."""
    places = release.rows("concept_map")
    figure, grid = figure_of(places, 5)
    for axes, (task, of_task) in zip(grid, places.groupby("task"), strict=False):
        sizes = 30 * (of_task.people + of_task.experts)
        axes.scatter(of_task.x, of_task.y, sizes, of_task.concept, cmap="tab10", alpha=0.7)
        first = of_task.sort_values("people", ascending=False, kind="stable").drop_duplicates("concept")
        for row in first.itertuples():
            axes.annotate(row.text, (row.x, row.y), (5, 3), textcoords="offset points", fontsize=7, parse_math=False)
        axes.set(title=f"task {task}", xticks=[], yticks=[])
        axes.set_aspect("equal", adjustable="datalim")
    return figure


def of_table_3(release: Release) -> Drawn:
    """The paper's table 3: the phrases of three lists, a block for each task; of long lists the first."""
    rows = release.rows("table_3")
    blocks = []
    for (task, name), words in first_tasks(rows).groupby(["task", "list"], sort=False).text:
        more = f", and {len(words) - MAX_PHRASES} more" if len(words) > MAX_PHRASES else ""
        blocks.append(textwrap.fill(f"task {task}, {name}: {', '.join(words[:MAX_PHRASES])}{more}", 110))
    if not blocks:
        return None
    n_lines = sum(block.count("\n") + 2 for block in blocks)
    figure = plt.figure(figsize=(9, 0.3 + 0.17 * n_lines))
    figure.text(0.02, 0.99, "\n\n".join(blocks), va="top", fontsize=8, parse_math=False)
    return figure


def first_tasks(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows.task.isin(sorted(rows.task.unique())[:MAX_TASKS])]


def of(rows: pd.DataFrame, task: int) -> pd.DataFrame:
    return rows[rows.task == task]


def people_line(label: str, values: pd.Series, estimate: Any, scale: float = 1.0) -> Line:
    """A dot for each person and their mean, with its interval where estimates.csv has one."""
    dots = values.dropna().to_list()
    low, high = (scale * estimate.mean_low, scale * estimate.mean_high) if estimate is not None else (NAN, NAN)
    return Line(label, dots, [Mark(values.mean(), "o", BLUE, low, high)] if dots else [])


def before_after(before: float, after: float, n: int) -> list[Mark]:
    """Two accuracies in percent, with Wilson's 95% intervals."""
    marks = []
    for share, shape, colour in ((before, "o", GREY), (after, "D", BLUE)):
        middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
        half = Z * math.sqrt(share * (1 - share) / n + (Z / (2 * n)) ** 2) / (1 + Z**2 / n)
        marks.append(Mark(100 * share, shape, colour, 100 * (middle - half), 100 * (middle + half)))
    return marks


def panels(rows: pd.DataFrame, lines: Callable[[int], Iterator[Line]], name: str = "") -> Panels:
    """The lines of each task on which there is something. name: a column that is part of the title."""
    found = []
    for task, of_task in first_tasks(rows).groupby("task"):
        shown = [line for line in lines(task) if line.dots or any(not math.isnan(mark.value) for mark in line.marks)]
        if shown:
            found.append((f"task {task}{f': {of_task[name].iloc[0]}' if name else ''}", shown))
    return found


def line_chart(found: Panels, axis: str) -> Drawn:
    """Draw panels below each other, a line of the chart for each kind: small dots, and marks with their intervals."""
    if not found:
        return None
    heights = [len(lines) + 1.0 for _, lines in found]
    figure, grid = plt.subplots(
        len(found), 1, figsize=(8, 0.6 + 0.34 * sum(heights)), layout="constrained", squeeze=False, sharex=True,
        height_ratios=heights,
    )  # fmt: skip
    for axes, (title, lines) in zip(grid[:, 0], found, strict=True):
        axes.set_title(title, loc="left", fontsize=9, parse_math=False)
        axes.set_yticks(range(len(lines)), [line.label for line in lines], parse_math=False)
        axes.set_ylim(len(lines) - 0.4, -0.6)
        axes.spines[["top", "right", "left"]].set_visible(False)
        for y, line in enumerate(lines):
            axes.plot(line.dots, [y + 0.1 * (i % 5 - 2) for i in range(len(line.dots))], ".", color=BLUE, alpha=0.35)
            for i, mark in enumerate(line.marks):
                at = y + 0.16 * (i - (len(line.marks) - 1) / 2)
                axes.plot([mark.low, mark.high], [at, at], color=mark.colour, linewidth=1)
                axes.plot(mark.value, at, marker=mark.shape, color=mark.colour, markersize=7)
    grid[-1, 0].set_xlabel(axis)
    return figure


def figure_of(rows: pd.DataFrame, height: float) -> tuple[Drawn, list[Axes]]:
    """Return a figure with axes below each other, one for each of the first tasks; none without rows."""
    n = min(rows.task.nunique(), MAX_TASKS)
    if not n:
        return None, []
    figure, grid = plt.subplots(n, 1, figsize=(8, height * n), layout="constrained", squeeze=False)
    return figure, list(grid[:, 0])


def draw_all(folder: Path, output: Path) -> list[str]:
    """Draw every figure of a release whose tables are here; say of each what became of it."""
    release, said = Release(folder), ["panels: not drawn, images are not in a release (panels.csv has their keys)"]
    wanted: dict[str, Callable[[Release], Drawn]] = dict(FIGURES)
    if (folder / "correction_effects.csv").exists():
        for number in release.rows("correction_effects").correction.unique():
            wanted[f"correction-{number}-splits"] = partial(of_correction, number=number)
    for key, make in wanted.items():
        try:
            figure = make(release)
        except FileNotFoundError as missing:
            said.append(f"{key}: not drawn, {Path(missing.filename).name} is not here; an export has fewer tables")
            continue
        if figure is None:
            said.append(f"{key}: not drawn, there is nothing to draw")
            continue
        figure.savefig(output / f"rebuilt_{key}.png", dpi=150)
        plt.close(figure)
        said.append(f"{key}: rebuilt_{key}.png")
    return sorted(said)


FIGURES: dict[str, Callable[[Release], Drawn]] = {
    "error-scores": of_error_scores,
    "annotation-time": of_times,
    "worst-group": of_worst_group,
    "table-3": of_table_3,
    "splits": of_splits,
    "new-concepts": partial(of_saturation, measure="concepts", label="distinct concepts"),
    "best-score-over-people": partial(of_saturation, measure="best_score", label="best error score"),
    "concepts-together": of_together,
    "concept-map": of_map,
}
