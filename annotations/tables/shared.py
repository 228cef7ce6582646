"""What the definitions of several tables share."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypedDict

from annotations.tables.columns import Column, Integer, Text


class Values(TypedDict, total=False):
    """Which values a column can take."""

    range: str
    unit: str


SHARE: Values = {"range": "0 to 1", "unit": "share"}
SCORE: Values = {"range": "0 to 1"}
COUNT: Values = {"range": "0 or more"}
FROM_1: Values = {"range": "1 or more"}


def participant_column(pseudonym: Callable[[Any], str] | None = None) -> Column[Any]:
    description = (
        "pseudonym of the person, made with a key of this study alone; of an expert with E, of the erased with X"
    )
    return Text("participant", description, pseudonym)


def session_column(submission_key: Callable[[Any], str]) -> Column[Any]:
    return Text("session", "pseudonym of the visit, unique in the study", submission_key)


def task_column(position: Callable[[Any], int] | None = None) -> Column[Any]:
    return Integer("task", "number of the task in the study, from 1; study.json describes it", position)


TASK, PARTICIPANT = task_column(), participant_column()
CLASS: Column[Any] = Text("class", "name of the annotated class", attrgetter("class_name"))


def field(attribute: str) -> Callable[[Any], Any]:
    """Return a getter of an attribute of the row, or of one of its attribute's: "estimate.mean"."""
    return attrgetter(attribute)
