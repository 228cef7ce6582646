"""What follows from what was recorded: durations, counts, seconds at each task, which phrases stand out.

And what corrections do overall, from accuracies of groups and parts of a class, with their gains.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from annotations.analysis.figures.chart_values import Figure
from annotations.analysis.observations.person_tasks import Key, Times
from annotations.corrections.correction_effects import EFFECTS, Measured, splits_figure
from annotations.releases.rebuild.release_tables import Release, Report, known
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


_MODEL = ["correction", "set", "dataset", "model"]
_WEIGHTED = ["average", "gap"]  # by the groups' train images
_GAINS = {"own_gain": "control", "gain": "before"}


def rebuild_corrections(release: Release, report: Report, said: pd.DataFrame) -> Iterator[Figure]:
    """Compare corrections.csv, the overall rows of correction_effects.csv, and the scores of correction_annotations.

    Yield the figure of each correction.
    """
    effects = release.csv("correction_effects")
    groups = [release.lowest("groups", task) for task in release.tasks]
    of_groups = pd.concat(groups).drop_duplicates(["dataset", "name"]) if groups else pd.DataFrame(columns=["dataset"])
    measured = effects[effects.what != "overall"].merge(of_groups, how="left", on=["dataset", "name"])
    rows = [
        {**dict(zip(_MODEL, key, strict=True)), "name": name, "accuracy": value}
        for key, of_model in measured.groupby(_MODEL)
        for name, value in _overall(of_model).items()
    ]
    mine = pd.DataFrame(rows, columns=[*_MODEL, "name", "accuracy"])
    is_known = effects.dataset.isin(of_groups.dataset) | ~effects.name.isin(_WEIGHTED)
    theirs = effects[(effects.what == "overall") & is_known]
    report.compare("correction_effects", [*_MODEL, "name"], mine, theirs, ["accuracy"])
    if not is_known.all():
        why = "its groups' train images are not in the release"
        report.not_rebuilt("correction_effects: average and gap on a second data set", why)
    worst = mine[(mine.set == "test") & (mine.name == "worst_group")].pivot(
        index="correction", columns="model", values="accuracy"
    )
    worst = worst.reindex(columns=[*worst.columns.union(["before", "control", "after"])])
    gains = pd.DataFrame({name: worst.after - worst[less] for name, less in _GAINS.items()})
    corrections = release.csv("corrections")
    gains = gains.reindex(corrections.correction).reset_index()
    report.compare("corrections", ["correction"], gains, corrections, list(_GAINS))
    theirs = release.csv("correction_annotations")
    mine = theirs[["correction", "class"]].assign(error_score=[_score(row, said) for row in theirs.itertuples()])
    report.compare("correction_annotations", ["correction", "class"], mine, theirs, ["error_score"])
    for correction, rows in effects.groupby("correction"):
        measured = [
            Measured(*map(known, row))
            for row in rows[EFFECTS.header].astype({"images": "Int64"}).itertuples(index=False)
        ]
        review = corrections.review[corrections.correction == correction].iloc[0]
        yield splits_figure(int(correction), measured, review)


def _overall(of_model: pd.DataFrame) -> dict[str, Any]:
    groups = of_model[of_model.what.eq("group") & of_model.images.gt(0)]
    found = {"worst_group": groups.accuracy.min(), "average_plain": np.average(groups.accuracy, weights=groups.images)}
    if groups.train_images.notna().all():
        weights = groups.train_images if groups.train_images.any() else groups.images
        found["average"] = np.average(groups.accuracy, weights=weights)
        found["gap"] = found["average"] - found["worst_group"]
    parts = of_model[of_model.what.eq("part")].groupby("name").accuracy.mean()
    return {**found, **{name: parts.get(name) for name in ("minority", "majority")}}


def _score(row: Any, said: pd.DataFrame) -> float | None:
    """Of the phrase: where several with the same text have a score, of other classes, the nearest."""
    scores = said.error_score[said.text == row.text].dropna()
    return float(scores.loc[(scores - row.error_score).abs().idxmin()]) if len(scores) else None
