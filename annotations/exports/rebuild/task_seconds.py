"""Seconds at each task from the raw spans, which overlap."""

from typing import Any

import numpy as np
import pandas as pd

KEY = ["task", "participant"]


def times(assignments: pd.DataFrame, spans: pd.DataFrame) -> pd.DataFrame:
    """Return seconds at work, waiting for scores, and from start to end, and how it ended, by task and participant."""
    by_visit = dict(list(spans[spans.task.notna()].groupby(["session", "task"])))
    begun = assignments[assignments.started_at.notna()]
    rows = [_of_assignment(each, by_visit.get((each.session, each.task))) for each in begun.itertuples()]
    columns = [*KEY, "active_time", "waiting_time", "wall_time", "end"]
    table = pd.DataFrame(rows, columns=columns).set_index(KEY)
    seconds = table[["active_time", "waiting_time", "wall_time"]].astype(float).groupby(level=KEY).sum(min_count=1)
    seconds["task_end"] = table.end.dropna().groupby(level=KEY).agg(_end)
    return seconds


def _of_assignment(each: Any, seen: pd.DataFrame | None) -> dict[str, Any]:
    """Cut the time at the ends of all spans: between two of them nothing changes."""
    row = {
        "task": each.task,
        "participant": each.participant,
        "end": each.end_reason,
        "wall_time": float("nan") if pd.isna(each.ended_at) else (each.ended_at - each.started_at).total_seconds(),
    }
    if seen is None:
        return row
    began, ended = ((times - each.started_at).dt.total_seconds().to_numpy() for times in (seen.began_at, seen.ended_at))
    end = np.nan_to_num(row["wall_time"], nan=np.inf)
    at = np.unique(np.clip([*began, *ended], 0, end))
    within = (began[:, None] <= at[:-1]) & (ended[:, None] >= at[1:])
    is_of = {kind: within[seen.kind == kind].any(axis=0) for kind in ("visible", "waiting", "offline")}
    seconds = np.diff(at)
    row["active_time"] = seconds[is_of["visible"] & ~is_of["waiting"] & ~is_of["offline"]].sum()
    row["waiting_time"] = seconds[is_of["waiting"]].sum()
    return row


def _end(reasons: pd.Series) -> str:
    """Done only where it was in every visit; of other reasons the last by the alphabet."""
    others = sorted(each for each in reasons if each != "done")
    return str(others[-1]) if others else "done"
