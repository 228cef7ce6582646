"""One check of a study, and where what it found is mended."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How a check came out. What blocks keeps a draft from opening; with a doubt, results would mean little."""

    SKIP = "skip"  # it could not be looked at, and that is no fault
    PASS = "pass"  # noqa: S105 - no password
    WARN = "warn"
    DOUBT = "doubt"
    BLOCK = "block"

    @property
    def sign(self) -> str:
        """How the page marks it."""
        return dict(zip(Level, "–✓!‼✕", strict=True))[self]  # noqa: RUF001  # a dash

    @property
    def meaning(self) -> str:
        """What the sign says to those who do not see it."""
        return {
            Level.SKIP: "Not looked at",
            Level.PASS: "Right",
            Level.WARN: "Worth a look",
            Level.DOUBT: "In doubt",
            Level.BLOCK: "Not right",
        }[self]


class FixIn(StrEnum):
    """Where something is fixed: a section of the set-up by its title, a table there, another page, or the data sets."""

    PLACES = "The study"
    ENTRY = "Entry and exit"
    LINK = "Names of the parameters in the link"
    MONEY = "Money and time"
    PRIVACY = "Privacy"
    ALARMS = "Alarms"
    TASKS = "tasks"
    CONDITIONS = "conditions"
    REHEARSAL = "rehearsal"
    LIBRARY = "library"


@dataclass(frozen=True)
class Check:
    """What was looked at, how it came out, and a sentence that says so."""

    level: Level
    sentence: str
    fix_in: FixIn | None = None


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
