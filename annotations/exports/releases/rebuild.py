"""Rebuild the headline of this release from its CSV files alone, and draw its figures.

    python rebuild.py [--release FOLDER] [--output FOLDER]

Needs pandas and vl-convert-python. From assignments.csv, phrases.csv, runs.csv, spans.csv and exclusions.csv of the
unpacked release it writes rebuilt_summary.csv and rebuilt_totals.csv, and compares the numbers with summary.csv: the
exit status is 1 where they differ. It draws every figure of the release from its specification.
"""

import argparse
import json
import sys
from pathlib import Path

import pandas as pd
import vl_convert

Pairs = list[tuple[pd.Timestamp, pd.Timestamp]]
KEY = ["task", "participant"]
MEASURES = [
    "phrases",
    "tries",
    "best_error_score",
    "own_gain",
    "worst_group_accuracy",
    "worst_group_accuracy_chosen_on_test",
    "control_worst_group",
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

    visits = read(folder, "sessions.csv").set_index("session")
    lasting = visits.index[visits.outcome.isna() & visits.place.fillna("live").eq("live")]
    assignments = assignments.assign(lasts=assignments.session.isin(lasting))
    of_runs = runs[["run", "worst_group_accuracy", "state"]].rename(columns={"state": "run_state"})
    tried = phrases.merge(of_runs, on="run", how="left")
    scored = tried[tried.error_score.notna()]
    best = scored.loc[scored.groupby(KEY).error_score.idxmax()].set_index(KEY)  # the first row of a tie: the earliest
    by_person = tried.groupby(KEY)
    rows = assignments[KEY].drop_duplicates().set_index(KEY).sort_index()
    rows["phrases"] = by_person.size()
    rows["tries"] = by_person.text.nunique().combine(by_person.tries.max(), max)
    rows[["phrases", "tries"]] = rows[["phrases", "tries"]].fillna(0).astype(int)
    rows["best_error_score"] = best.error_score
    rows["basis"] = basis(rows, assignments, tried, best)
    rows["worst_group_accuracy"] = best.worst_group_accuracy
    rows["worst_group_accuracy_chosen_on_test"] = by_person.worst_group_accuracy.max()
    rows = rows.join(times(assignments, spans)).reset_index()
    rows["control_worst_group"] = rows.task.map(runs.groupby("task").control_worst_group.first())
    without_run = rows.basis.isin(["no_phrase", "refused"])  # by intention to treat
    rows["worst_group_accuracy"] = rows.worst_group_accuracy.mask(without_run, rows.control_worst_group)
    rows["own_gain"] = (rows.worst_group_accuracy - rows.control_worst_group).mask(without_run, 0.0)
    return rows


def basis(rows: pd.DataFrame, assignments: pd.DataFrame, tried: pd.DataFrame, best: pd.DataFrame) -> pd.Series:
    """Return what each person's accuracy on a task rests on, as summary.csv has it."""
    at_work = assignments[(assignments.state != "ended") & assignments.lasts].set_index(KEY).index
    found = pd.Series("no_phrase", rows.index).mask(rows.index.isin(at_work), "pending")
    is_pending = tried[tried.error_score.isna()].assign(waits=tried.state.eq("pending")).groupby(KEY).waits.any()
    found.update(is_pending.map({True: "pending", False: "failed"}))
    found.update(best.run_state.fillna("pending").replace("done", "run"))
    return found


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
    long = rows.melt(id_vars=KEY, value_vars=MEASURES[2:6], var_name="measure").dropna(subset="value")
    table = long.groupby(["task", "measure"]).value.agg(["count", "mean", "std", "max", "median"]).reset_index()
    table["base_model"] = table.task.map(base_models).where(table.measure.str.startswith("worst_group"))
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
    for path in sorted((options.release / "figures").glob("*.json")):
        drawing = vl_convert.vegalite_to_png(json.loads(path.read_text("utf-8")), scale=2)
        (options.output / f"rebuilt_{path.stem}.png").write_bytes(drawing)
    print(table.round(4).to_string(index=False))
    found = differences(rows, options.release)
    print("\n".join(found) if found else f"All {len(rows)} rows agree with summary.csv.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
