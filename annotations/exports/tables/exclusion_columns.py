"""What is in no number of the other tables, or in only some of them, and why."""

import datetime as dt
from dataclasses import dataclass

from annotations.tables.columns import Column, Table

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
        Column("what", "text", "what is left out", range="visit, phrase, run"),
        Column("session", "text", "pseudonym of the visit"),
        Column("participant", "text", "pseudonym of the person; empty once they are erased"),
        Column("task", "integer", "number of the task"),
        Column("ordinal", "integer", "of the phrase in the visit's task"),
        Column("run", "text", "the run's id"),
        Column("reason", "text", "why, in a word", range=", ".join(REASONS)),
        Column("detail", "text", "why, in the words of whoever or whatever decided; written as in phrases.csv"),
        Column("at", "time", "when it came to that", unit="UTC"),
        Column("consequence", "text", "what it is left out of"),
    ),
)
