"""What is in no number of the other tables, or in only some of them, and why."""

import datetime as dt
from dataclasses import dataclass

from annotations.tables.columns import Column, Table
from annotations.tables.shared import field

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
        Column("what", "text", "what is left out", field("what"), range="visit, phrase, run"),
        Column("session", "text", "pseudonym of the visit", field("session")),
        Column("participant", "text", "pseudonym of the person; empty once they are erased", field("participant")),
        Column("task", "integer", "number of the task", field("task")),
        Column("ordinal", "integer", "of the phrase in the visit's task", field("ordinal")),
        Column("run", "text", "the run's id", field("run")),
        Column("reason", "text", "why, in a word", field("reason"), range=", ".join(REASONS)),
        Column(
            "detail",
            "text",
            "why, in the words of whoever or whatever decided; written as in phrases.csv",
            field("detail"),
        ),
        Column("at", "time", "when it came to that", field("at"), unit="UTC"),
        Column("consequence", "text", "what it is left out of", field("consequence")),
    ),
)
