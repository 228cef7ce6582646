"""How long a person takes: from people who did the study, else from comparable tasks, else from the limits alone."""

import datetime as dt
import math
from collections import Counter
from dataclasses import dataclass
from statistics import median

from django.db.models import F, Sum

from annotations.models import (
    AnnotationSession,
    Assignment,
    AssignmentState,
    DeviceReport,
    EndReason,
    SessionKind,
    Stage,
    Study,
)
from annotations.models.participant import SessionQuerySet

AROUND_MINUTES = 5.0  # consent, tutorial, check and end take about so long beside the tasks
MIN_PEOPLE = 5  # whose times an estimate can rest on
_NEWEST = 1_000  # tasks or visits that are looked at


@dataclass(frozen=True)
class Estimate:
    """How long one person takes, in minutes to a tenth, and what that rests on. `is_most`: nobody takes longer."""

    minutes: float
    basis: str
    is_most: bool = False


def estimate(study: Study) -> Estimate | None:
    """Return the best that is known, None where a task has no clock and nobody was there yet.

    People count, from coming in to the end, breaks included; simulated ones are quick and say nothing.
    """
    return _of_visits(study) or _of_tasks(study) or _of_limits(study)


def longest_minutes(study: Study) -> int | None:
    """Return how long a visit may take, in whole minutes, rounded up; None where a task has no clock."""
    limits = list(study.tasks.values_list("time_limit_s", flat=True))
    return None if None in limits else math.ceil(AROUND_MINUTES + sum(limit for limit in limits if limit) / 60)


def _people() -> SessionQuerySet:
    """Visits of people, whose browsers run the pages' script; who comes without it may be a script, as in the demo."""
    reported = DeviceReport.objects.filter(has_script=True)
    # Experts know the task, and take their time.
    return AnnotationSession.objects.filter(kind=SessionKind.PARTICIPANT, pk__in=reported.values("session"))


def _of_visits(study: Study) -> Estimate | None:
    """The median of people who completed this study or those it was cloned from."""
    family = _family(study)
    visits = _people().filter(study__in=family, stage=Stage.FINISHED)
    times = [_minutes(begun, ended) for begun, ended in visits.values_list("created_at", "ended_at") if ended]
    if len(times) < MIN_PEOPLE:
        return None
    where = "in this study" if len(family) == 1 else "in this study and those it was cloned from"
    return Estimate(round(median(times), 1), f"the median of {len(times)} people {where}")


def _of_tasks(study: Study) -> Estimate | None:
    """Task by task what people took in any study here for tasks with the same limits; None where one has none such."""
    kinds = Counter(study.tasks.values_list("time_limit_s", "min_phrases", "max_phrases"))
    in_tasks = 0.0
    people: set[int] = set()
    for limits, n_tasks in kinds.items():
        taken = _times_in_tasks(*limits)
        if len({person for person, _ in taken}) < MIN_PEOPLE:
            return None
        in_tasks += n_tasks * median(minutes for _, minutes in taken)
        people |= {person for person, _ in taken}
    if not kinds:
        return None
    in_tasks, around = round(in_tasks, 1), round(_minutes_around(), 1)
    basis = (
        f"{in_tasks:.1f} minutes of tasks, by the medians of {len(people)} people in tasks with the same limits "
        f"here, and {around:.1f} around them"
    )
    return Estimate(round(in_tasks + around, 1), basis)


def _of_limits(study: Study) -> Estimate | None:
    longest = longest_minutes(study)
    if longest is None:
        return None
    return Estimate(longest, f"all time limits, and {AROUND_MINUTES:g} minutes around", is_most=True)


def _times_in_tasks(time_limit_s: int | None, min_phrases: int, max_phrases: int) -> list[tuple[int, float]]:
    """(person, minutes) of the newest tasks of real people with these limits of time and phrases."""
    ended = Assignment.objects.filter(
        session__in=_people(),
        task__time_limit_s=time_limit_s,
        task__min_phrases=min_phrases,
        task__max_phrases=max_phrases,
        state=AssignmentState.ENDED,
        end_reason__in=(EndReason.DONE, EndReason.TIME_OVER),
        started_at__isnull=False,
    )
    rows = ended.order_by("-ended_at").values_list("session__participant", "started_at", "ended_at")[:_NEWEST]
    return [(person, _minutes(started, at)) for person, started, at in rows if started and at]


def _minutes_around() -> float:
    """What visits took beside their tasks: the median of people who finished; AROUND_MINUTES where too few did."""
    finished = _people().filter(stage=Stage.FINISHED)
    at_work = Sum(F("assignments__ended_at") - F("assignments__started_at"))
    rows = finished.annotate(at_work=at_work).order_by("-ended_at").values_list("created_at", "ended_at", "at_work")
    times = [
        (ended - begun - busy).total_seconds() / 60
        for begun, ended, busy in rows[:_NEWEST]
        if ended and busy is not None
    ]
    return median(times) if len(times) >= MIN_PEOPLE else AROUND_MINUTES


def _minutes(begun: dt.datetime, ended: dt.datetime) -> float:
    return (ended - begun).total_seconds() / 60


def _family(study: Study) -> list[int]:
    """The study and those it was cloned from, nearest first."""
    found: list[int] = []
    at: Study | None = study
    while at is not None and at.pk not in found:
        found.append(at.pk)
        at = at.cloned_from
    return found
