"""One check of a study, and where what it found is mended."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from annotations.models import BaseModel, Dataset


class Level(StrEnum):
    """How a check came out. What blocks keeps a draft from opening; with a doubt, results would mean little."""

    sign: str  # how the page marks it
    meaning: str  # what the sign says to those who do not see it

    def __new__(cls, value: str, sign: str, meaning: str) -> Self:
        level = str.__new__(cls, value)
        level._value_, level.sign, level.meaning = value, sign, meaning
        return level

    SKIP = "skip", "–", "Not looked at"  # noqa: RUF001  # a dash; no fault
    PASS = "pass", "✓", "Right"
    WARN = "warn", "!", "Worth a look"
    DOUBT = "doubt", "‼", "In doubt"
    BLOCK = "block", "✕", "Not right"


class FixIn(StrEnum):
    """Where something is fixed: a section of the set-up by its key, a table there, another page, or the data sets."""

    PLACES = "study"
    ENTRY = "entry"
    LINK = "parameters"
    MONEY = "money"
    PRIVACY = "privacy"
    ALARMS = "alarms"
    TASKS = "tasks"
    CONDITIONS = "conditions"
    REHEARSAL = "rehearsal"
    INVITATIONS = "invitations"
    LIBRARY = "library"


@dataclass(frozen=True)
class Check:
    """What was looked at, how it came out, and a sentence that says so. of: whose page mends it, in the LIBRARY."""

    level: Level
    sentence: str
    fix_in: FixIn | None = None
    of: BaseModel | Dataset | None = None


def passed(sentence: str) -> Check:
    return Check(Level.PASS, sentence)


def skipped(sentence: str) -> Check:
    return Check(Level.SKIP, sentence)


def warning(sentence: str, fix_in: FixIn) -> Check:
    return Check(Level.WARN, sentence, fix_in)


def doubt(sentence: str, fix_in: FixIn) -> Check:
    return Check(Level.DOUBT, sentence, fix_in)


def block(sentence: str, fix_in: FixIn) -> Check:
    return Check(Level.BLOCK, sentence, fix_in)
