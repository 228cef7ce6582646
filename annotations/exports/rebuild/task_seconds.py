"""Seconds at each task from the raw spans, which overlap."""

from typing import Any

import pandas as pd

KEY = ["task", "participant"]
Pairs = list[tuple[Any, Any]]


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
    ended = each.ended_at if pd.notna(each.ended_at) else pd.Timestamp.max.tz_localize("UTC")
    row = {
        "task": each.task,
        "participant": each.participant,
        "end": each.end_reason,
        "wall_time": float("nan") if pd.isna(each.ended_at) else (each.ended_at - each.started_at).total_seconds(),
    }
    if seen is not None:
        kinds = {kind: _united(seen[seen.kind == kind]) for kind in ("visible", "waiting", "offline")}
        within = [(each.started_at, ended)]
        away = _united_pairs(kinds["waiting"] + kinds["offline"])
        row["active_time"] = _length(_minus(_both(kinds["visible"], within), away))
        row["waiting_time"] = _length(_both(kinds["waiting"], within))
    return row


def _end(reasons: pd.Series) -> str:
    """Done only where it was in every visit; of other reasons the last by the alphabet."""
    others = sorted(each for each in reasons if each != "done")
    return str(others[-1]) if others else "done"


def _united(spans: pd.DataFrame) -> Pairs:
    return _united_pairs(list(zip(spans.began_at, spans.ended_at, strict=True)))


def _united_pairs(pairs: Pairs) -> Pairs:
    """Return the union of spans as pairs of times that do not overlap, in order."""
    whole: Pairs = []
    for began, ended in sorted(pairs):
        if whole and began <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], ended))
        else:
            whole.append((began, ended))
    return whole


def _both(first: Pairs, second: Pairs) -> Pairs:
    """Return where two unions overlap."""
    pairs = [(max(a, c), min(b, d)) for a, b in first for c, d in second]
    return [(began, ended) for began, ended in pairs if began < ended]


def _minus(first: Pairs, second: Pairs) -> Pairs:
    """Return the first union without the second."""
    for away_from, away_to in second:
        parts = [part for a, b in first for part in ((a, min(b, away_from)), (max(a, away_to), b))]
        first = [(began, ended) for began, ended in parts if began < ended]
    return first


def _length(pairs: Pairs) -> float:
    return float(sum((ended - began).total_seconds() for began, ended in pairs))
