"""Rebuild the headline of this release from its CSV files alone, and draw its main figures.

    python rebuild.py [--release FOLDER] [--output FOLDER]

Needs pandas and matplotlib. Reads assignments.csv, phrases.csv, runs.csv, spans.csv and exclusions.csv of the unpacked
release, writes rebuilt_summary.csv, rebuilt_totals.csv and three figures, and compares the numbers with summary.csv:
the exit status is 1 where they differ. From saturation.csv, concepts_together.csv, concept_map.csv and
correction_effects.csv, where they are here and have rows, it draws four figures more.
"""

import argparse
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # the backend comes first
import pandas as pd
from matplotlib.figure import Figure

Pairs = list[tuple[pd.Timestamp, pd.Timestamp]]
KEY = ["task", "participant"]
MOST_TASKS, MOST_PARTS = 20, 80  # of one of the further figures
MEASURES = [
    "phrases",
    "tries",
    "best_error_score",
    "worst_group_accuracy",
    "worst_group_accuracy_chosen_on_test",
    "active_time",
    "waiting_time",
    "wall_time",
]


def read(folder: Path, name: str) -> pd.DataFrame:
    """Read a table. Only an empty cell is a missing value: "NA" and "null" are phrases that somebody may type."""
    table = pd.read_csv(folder / name, keep_default_na=False, na_values=[""], dtype={"text": str, "run": str})
    for column in table.columns:
        if column.endswith("_at"):
            table[column] = pd.to_datetime(table[column], utc=True, format="ISO8601")
    return table


def headline(folder: Path) -> pd.DataFrame:
    """Return a row for each participant and task."""
    left_out = read(folder, "exclusions.csv")
    left_out = set(left_out.session[left_out.what == "visit"])
    tables = {name: read(folder, f"{name}.csv") for name in ("assignments", "phrases", "runs", "spans")}
    assignments, phrases, runs, spans = (table[~table.session.isin(left_out)] for table in tables.values())

    tried = phrases.merge(runs[["run", "worst_group_accuracy"]], on="run", how="left")
    scored = tried[tried.error_score.notna()]
    best = scored.loc[scored.groupby(KEY).error_score.idxmax()].set_index(KEY)  # the first row of a tie: the earliest
    by_person = tried.groupby(KEY)
    rows = assignments[KEY].drop_duplicates().set_index(KEY).sort_index()
    rows["phrases"] = by_person.size()
    rows["tries"] = by_person.text.nunique().combine(by_person.tries.max(), max)
    rows[["phrases", "tries"]] = rows[["phrases", "tries"]].fillna(0).astype(int)
    rows["best_error_score"] = best.error_score
    rows["worst_group_accuracy"] = best.worst_group_accuracy
    rows["worst_group_accuracy_chosen_on_test"] = by_person.worst_group_accuracy.max()
    return rows.join(times(assignments, spans)).reset_index()


def times(assignments: pd.DataFrame, spans: pd.DataFrame) -> pd.DataFrame:
    """Return seconds at work, waiting for scores, and from start to end, by task and participant."""
    by_visit = dict(list(spans[spans.task.notna()].groupby(["session", "task"])))
    rows = []
    for each in assignments[assignments.started_at.notna()].itertuples():
        seen = by_visit.get((each.session, each.task))
        row = {
            "task": each.task,
            "participant": each.participant,
            "wall_time": seconds(each.ended_at - each.started_at),
        }
        if seen is not None:
            kinds = {kind: united(seen[seen.kind == kind]) for kind in ("visible", "waiting", "offline")}
            within = [
                (each.started_at, each.ended_at if pd.notna(each.ended_at) else pd.Timestamp.max.tz_localize("UTC"))
            ]
            away = united_pairs(kinds["waiting"] + kinds["offline"])
            row["active_time"] = length(minus(both(kinds["visible"], within), away))
            row["waiting_time"] = length(both(kinds["waiting"], within))
        rows.append(row)
    columns = ["task", "participant", "active_time", "waiting_time", "wall_time"]
    return pd.DataFrame(rows, columns=columns).groupby(KEY).sum(min_count=1)


def united(spans: pd.DataFrame) -> Pairs:
    """Return the union of spans as pairs of times that do not overlap, in order."""
    return united_pairs(list(zip(spans.began_at, spans.ended_at, strict=True)))


def united_pairs(pairs: Pairs) -> Pairs:
    whole: Pairs = []
    for began, ended in sorted(pairs):
        if whole and began <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], ended))
        else:
            whole.append((began, ended))
    return whole


def both(first: Pairs, second: Pairs) -> Pairs:
    """Return where two unions overlap."""
    pairs = [(max(a, c), min(b, d)) for a, b in first for c, d in second]
    return [(began, ended) for began, ended in pairs if began < ended]


def minus(first: Pairs, second: Pairs) -> Pairs:
    """Return the first union without the second."""
    for away_from, away_to in second:
        parts = [part for a, b in first for part in ((a, min(b, away_from)), (max(a, away_to), b))]
        first = [(began, ended) for began, ended in parts if began < ended]
    return first


def length(pairs: Pairs) -> float:
    return sum(seconds(ended - began) for began, ended in pairs)


def seconds(duration: pd.Timedelta) -> float:
    return float(duration.total_seconds()) if pd.notna(duration) else float("nan")


def totals(rows: pd.DataFrame, base_models: dict[int, float]) -> pd.DataFrame:
    """Return count, mean, standard deviation (n - 1), maximum and median of each measure by task."""
    long = rows.melt(id_vars=KEY, value_vars=MEASURES[2:5], var_name="measure").dropna(subset="value")
    table = long.groupby(["task", "measure"]).value.agg(["count", "mean", "std", "max", "median"]).reset_index()
    table["base_model"] = table.task.map(base_models).where(table.measure != "best_error_score")
    return table


def differences(rows: pd.DataFrame, folder: Path) -> list[str]:
    """Name the cells in which these rows and summary.csv differ by more than rounding."""
    stored = read(folder, "summary.csv").set_index(KEY)
    mine = rows.set_index(KEY)
    if set(stored.index) != set(mine.index):
        return [f"rows differ: {sorted(set(stored.index) ^ set(mine.index))}"]
    stored = stored.loc[mine.index]
    found = []
    for name in MEASURES:
        for key, here, there in zip(mine.index, mine[name], stored[name], strict=True):
            if pd.isna(here) != pd.isna(there) or (pd.notna(here) and abs(here - there) > 1e-6 * max(1, abs(there))):
                found.append(f"task {key[0]}, {key[1]}, {name}: {here} here, {there} in summary.csv")
    return found


def draw(
    rows: pd.DataFrame,
    measure: str,
    label: str,
    path: Path,
    base_models: dict[int, float] | None = None,
    scale: float = 1.0,
) -> None:
    """Draw a dot for each participant, the mean as a line, and the base model as a diamond."""
    tasks = sorted(rows.task.unique())
    figure, axes = plt.subplots(figsize=(6, 1.2 + 0.8 * max(len(tasks), 1)), layout="constrained")
    for place, task in enumerate(tasks):
        values = scale * rows[rows.task == task][measure].dropna()
        heights = [place + 0.25 * ((7 * i) % 11 - 5) / 5 for i in range(len(values))]
        axes.plot(values, heights, "o", color="#1f6f8b", alpha=0.7, markersize=5)
        if len(values):
            axes.plot([values.mean()] * 2, [place - 0.35, place + 0.35], color="#1f6f8b", linewidth=2)
        if base_models is not None and task in base_models:
            axes.plot(scale * base_models[task], place, "D", color="#c0504d", markersize=8)
    axes.set_yticks(range(len(tasks)), [f"task {task}" for task in tasks])
    axes.set_xlabel(label)
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    save(figure, path)


def draw_saturation(points: pd.DataFrame, path: Path) -> None:
    """Draw what the first so many people bring, with where 95% of orders lie: a row a measure, a curve a task."""
    measures = {"concepts": "distinct concepts", "best_score": "best error score"}
    figure, axes = plt.subplots(len(measures), 1, figsize=(6, 6), layout="constrained")
    for place, (measure, label) in zip(axes, measures.items(), strict=True):
        for task, curve in points[points.measure == measure].groupby("task"):
            place.plot(curve.people, curve["mean"], marker=".", label=f"task {task}")
            place.fill_between(curve.people, curve.low, curve.high, alpha=0.2)
        place.set(xlabel="people", ylabel=label, ylim=(0, None))
        place.legend(frameon=False)
    save(figure, path)


def draw_together(rows: pd.DataFrame, path: Path) -> None:
    """Draw the error score of the union of 1, 2, ... concepts on images that had no part in choosing, beside chance."""
    tasks = rows.task.unique()[:MOST_TASKS]
    figure, axes = plt.subplots(len(tasks), 1, figsize=(8, 3 * len(tasks)), layout="constrained", squeeze=False)
    for place, task in zip(axes[:, 0], tasks, strict=True):
        of_task = rows[rows.task == task]
        place.plot(of_task.concepts, of_task.held_out, "o-", label="the concepts of people")
        for name, label in (("random", "random directions"), ("shuffled", "errors shuffled")):
            place.plot(of_task.concepts, of_task[name], "s--", label=f"{label}: mean")
            place.plot(of_task.concepts, of_task[f"{name}_level"], "^:", label=f"{label}: 19 of 20 are below")
        place.set(title=f"task {task}", xlabel="concepts together", ylabel="error score of the union", ylim=(0, 1))
        place.set_xticks(of_task.concepts)
        place.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    save(figure, path)


def draw_map(places: pd.DataFrame, path: Path) -> None:
    """Draw phrases near each other where the encoder takes them for alike, larger the more people said them."""
    tasks = places.task.unique()[:MOST_TASKS]
    figure, axes = plt.subplots(len(tasks), 1, figsize=(7, 5 * len(tasks)), layout="constrained", squeeze=False)
    for place, task in zip(axes[:, 0], tasks, strict=True):
        of_task = places[places.task == task]
        sizes = 30 * (of_task.people + of_task.experts)
        place.scatter(of_task.x, of_task.y, sizes, of_task.concept, cmap="tab10", alpha=0.7)
        for row in (
            of_task.sort_values("people", ascending=False, kind="stable").drop_duplicates("concept").itertuples()
        ):
            place.annotate(row.text, (row.x, row.y), (5, 3), textcoords="offset points", fontsize=7, parse_math=False)
        place.set(title=f"task {task}", xticks=[], yticks=[])
        place.set_aspect("equal", adjustable="datalim")
    save(figure, path)


def draw_corrections(effects: pd.DataFrame, path: Path) -> None:
    """Draw each class's minority and majority before (ring) and after (dot) each correction, by set of images."""
    parts = effects[(effects.what == "part") & effects.name.isin(["minority", "majority"])]
    keys = ["correction", "set", "class", "name"]
    wide = parts[parts.model.isin(["before", "after"])].pivot(index=keys, columns="model", values="accuracy")[
        :MOST_PARTS
    ]
    figure, axes = plt.subplots(figsize=(7, 1 + 0.35 * len(wide)), layout="constrained")
    axes.plot(100 * wide.before, range(len(wide)), "o", markerfacecolor="none", color="#5f6068")
    axes.plot(100 * wide.after, range(len(wide)), "o", color="#1f6f8b")
    axes.set_yticks(range(len(wide)), ["{}, {}: {}, {}".format(*key) for key in wide.index], parse_math=False)
    axes.set_xlabel("accuracy before (ring) and after (dot), %")
    axes.invert_yaxis()
    save(figure, path)


def save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=150)
    plt.close(figure)


MORE = {
    "saturation": draw_saturation,
    "concepts_together": draw_together,
    "concept_map": draw_map,
    "correction_effects": draw_corrections,
}


def draw_more(folder: Path, output: Path) -> None:
    """Draw what an export has not, and a release has: figures of the tables that are here with rows."""
    for name, draw_it in MORE.items():
        if (folder / f"{name}.csv").exists():
            table = read(folder, f"{name}.csv")
            if len(table):
                draw_it(table, output / f"rebuilt_{name}.png")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--release", type=Path, default=Path(__file__).resolve().parent, help="the unpacked release")
    parser.add_argument("--output", type=Path, default=Path.cwd(), help="where the results go (default: here)")
    options = parser.parse_args()
    rows = headline(options.release)
    runs = read(options.release, "runs.csv")
    base_models = runs.groupby("task").base_worst_group_accuracy.first().to_dict()
    table = totals(rows, base_models)
    options.output.mkdir(parents=True, exist_ok=True)
    rows.to_csv(options.output / "rebuilt_summary.csv", index=False)
    table.to_csv(options.output / "rebuilt_totals.csv", index=False)
    draw(rows, "best_error_score", "best error score on validation", options.output / "rebuilt_error_scores.png")
    draw(rows, "wall_time", "minutes at the task", options.output / "rebuilt_times.png", scale=1 / 60)
    draw(
        rows,
        "worst_group_accuracy",
        "worst-group accuracy on test (line: mean, diamond: base model), %",
        options.output / "rebuilt_worst_group_accuracy.png",
        base_models,
        scale=100,
    )
    draw_more(options.release, options.output)
    print(table.round(4).to_string(index=False))
    found = differences(rows, options.release)
    print("\n".join(found) if found else f"All {len(rows)} rows agree with summary.csv.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
