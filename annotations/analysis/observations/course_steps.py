"""The steps of a person's course through a study, and the reasons for which one comes no further."""

from dataclasses import dataclass
from enum import IntEnum


class Step(IntEnum):
    """What a person came to, in this order."""

    ENTERED = 0
    CONSENTED = 1
    CHECKED = 2
    ALLOCATED = 3
    WORKED = 4
    FINISHED = 5


EXPERTS_STEPS = (Step.ENTERED, Step.ALLOCATED, Step.WORKED, Step.FINISHED)  # they begin with the tasks


@dataclass(frozen=True)
class Course:
    """One person. reason: why they came no further than their step, or withdrew after the last; else empty."""

    participant: str
    step: Step
    reason: str


@dataclass(frozen=True)
class Courses:
    """Everybody of one kind, by pseudonym, and the steps that they could come to."""

    steps: tuple[Step, ...]
    people: tuple[Course, ...]


ERASED, WITHDREW = "erased", "withdrew"
INSIDE = "inside"  # may still go on
DECLINED, FAILED_CHECK = "declined", "failed_check"
REASONS = (
    *(DECLINED, FAILED_CHECK, "no_answer", "returned", "timed_out", "time_over", "left", "study_closed", "no_phrase"),
    *(INSIDE, WITHDREW, ERASED),
)
