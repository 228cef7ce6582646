"""What follows from what was recorded: durations, counts, and which phrases others said too or stand out."""

import pandas as pd

from .release_tables import Release
from .report import Report

MOST_AT_ONCE, LONG_ENOUGH, SAID_BY, WORDS = 2, 12, 2, 3
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
    stands_out = {
        "pasted": phrases.pastes > 0,
        "at_once": phrases.edits.between(1, MOST_AT_ONCE) & (phrases.text.str.len() >= LONG_ENOUGH),
        "left": phrases.page_left > 0,
        "repeated": (others >= SAID_BY) & (phrases.text.str.split().str.len() >= WORDS),
    }
    named = pd.DataFrame({name: is_so.map({True: name, False: ""}) for name, is_so in stands_out.items()})
    flags = named.agg(lambda row: " ".join(filter(None, row)), axis=1)
    mine = phrases[["phrase"]].assign(said_by_others=others, writing_flags=flags)
    unseen = release.csv("exclusions").query("what == 'phrase'").task
    is_told = (phrases.moderation != "hidden") & ~phrases.task.isin(
        [*unseen, *phrases.task[phrases.moderation == "hidden"]]
    )
    report.compare("phrases", ["phrase"], mine[is_told], phrases[is_told], ["said_by_others", "writing_flags"])
    if not is_told.all():
        why = "some phrases of their tasks are hidden or excluded"
        report.not_rebuilt(f"phrases: said_by_others, writing_flags of {int((~is_told).sum())} phrases", why)
