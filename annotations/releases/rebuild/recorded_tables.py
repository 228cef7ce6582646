"""What follows from what was recorded: durations, counts, seconds at each task, and which phrases stand out."""

from typing import Any

import numpy as np
import pandas as pd

from annotations.analysis.observations.person_tasks import Key, Times
from annotations.releases.rebuild.release_tables import Release, known
from annotations.releases.rebuild.report import Report
from clarify_errors.arrays.phrases.writing_traces import flags

_DURATIONS = {"assignments": ("started_at", ["session", "task"]), "spans": ("began_at", ["row"])}


def rebuild_recorded(release: Release, report: Report) -> None:
    """Compare those columns of assignments.csv, spans.csv and phrases.csv that are computed from others there."""
    for name, (start, key) in _DURATIONS.items():
        theirs = release.csv(name).reset_index(names="row")
        mine = theirs[key].assign(duration=(theirs.ended_at - theirs[start]).dt.total_seconds())
        report.compare(name, key, mine, theirs, ["duration"])
    phrases, assignments = release.csv("phrases"), release.csv("assignments")
    mine = assignments[["session", "task"]].merge(
        phrases.groupby(["session", "task"]).size().rename("phrases").reset_index(), how="left"
    )
    report.compare("assignments", ["session", "task"], mine.fillna({"phrases": 0}), assignments, ["phrases"])
    people, sessions = release.csv("participants"), release.csv("sessions")
    counts = (
        sessions.assign(is_done=sessions.outcome.eq("completed")).groupby("participant").is_done.agg(["size", "sum"])
    )
    mine = counts.set_axis(["sessions", "finished_sessions"], axis=1).reset_index()
    report.compare("participants", ["participant"], mine, people, ["sessions", "finished_sessions"])
    others = phrases.groupby(["task", "text"]).participant.transform("nunique") - 1
    mine = phrases[["phrase"]].assign(said_by_others=others)
    mine["writing_flags"] = [_flags(row, n) for row, n in zip(phrases.itertuples(), others, strict=True)]
    unseen = release.csv("exclusions").query("what == 'phrase'").task
    is_told = (phrases.moderation != "hidden") & ~phrases.task.isin(
        [*unseen, *phrases.task[phrases.moderation == "hidden"]]
    )
    report.compare("phrases", ["phrase"], mine[is_told], phrases[is_told], ["said_by_others", "writing_flags"])
    if not is_told.all():
        why = "some phrases of their tasks are hidden or excluded"
        report.not_rebuilt(f"phrases: said_by_others, writing_flags of {int((~is_told).sum())} phrases", why)


def _flags(phrase: Any, said_by_others: int) -> str:
    counted = {"edits": phrase.edits, "pastes": phrase.pastes, "left": phrase.page_left}
    return " ".join(flags(counted, phrase.text, said_by_others))


KEY = ["task", "participant"]


def times(assignments: pd.DataFrame, spans: pd.DataFrame) -> dict[Key, Times]:
    """Return the times of everybody who began a task, summed over visits."""
    by_visit = dict(list(spans[spans.task.notna()].groupby(["session", "task"])))
    begun = assignments[assignments.started_at.notna()]
    rows = [_of_assignment(each, by_visit.get((each.session, each.task))) for each in begun.itertuples()]
    seconds = ["active_time", "waiting_time", "wall_time"]
    found = {}
    for (task, participant), of in pd.DataFrame(rows, columns=[*KEY, *seconds, "end"]).groupby(KEY):
        active, waiting, wall = map(known, of[seconds].astype(float).sum(min_count=1))
        found[int(task), participant] = Times(active, waiting, wall, _end(of.end.dropna()))
    return found


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
    """Done only where it was in every visit; of other reasons the last by the alphabet; empty while it lasts."""
    others = sorted(each for each in reasons if each != "done")
    return str(others[-1]) if others else "".join(reasons[:1])
