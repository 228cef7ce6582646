"""What is in no number of the other tables, or in only some of them, and why."""

import datetime as dt
from dataclasses import dataclass

from annotations.tables.columns import Integer, Table, Text, Time

REASONS = (
    "preview",
    "simulated",
    "expert",
    "participant",
    "withdrawn",
    "erased",
    "moderation",
    "failed",
    "pending",
    "refused",
)


@dataclass(frozen=True)
class Exclusion:
    """One thing that is left out. participant, task and ordinal are empty where they do not apply."""

    what: str
    session: str
    participant: str | None
    task: int | None
    ordinal: int | None
    run: str | None
    reason: str
    detail: str
    at: dt.datetime | None
    consequence: str


EXCLUSIONS: Table[Exclusion] = Table(
    "exclusions.csv",
    "one row per visit, phrase or run that is left out of something, with the reason",
    "visits, then phrases, then runs, each by session",
    (
        Text("what", "what is left out", range="visit, phrase, run"),
        Text("session", "pseudonym of the visit"),
        Text("participant", "pseudonym of the person; empty once they are erased"),
        Integer("task", "number of the task"),
        Integer("ordinal", "of the phrase in the visit's task"),
        Text("run", "the run's id"),
        Text("reason", "why, in a word", range=", ".join(REASONS)),
        Text("detail", "why, in the words of whoever or whatever decided; written as in phrases.csv"),
        Time("at", "when it came to that"),
        Text("consequence", "what it is left out of"),
    ),
)
