"""Checks of time and money: what people have time for, how long they take, and what that pays an hour."""

from dataclasses import dataclass
from statistics import median

from annotations.models import AnnotationSession, Stage, Study
from annotations.readings.preflight.checks import Check, Mend, block, passed, warning

AROUND_MINUTES = 5.0  # consent, tutorial, check and end take about so long beside the tasks
LEAST_PEOPLE = 5  # whose times an estimate can rest on


@dataclass(frozen=True)
class Estimate:
    """How long one person takes, in minutes, and what that rests on."""

    minutes: float
    basis: str


def estimate(study: Study) -> Estimate | None:
    """Return the median of people who completed this study or those it was cloned from; before, its limits at most.

    None where a task has no clock and nobody was there yet.
    """
    family = _family(study)
    visits = AnnotationSession.objects.counted().filter(study__in=family, stage=Stage.FINISHED)
    times = [
        (ended - begun).total_seconds() / 60 for begun, ended in visits.values_list("created_at", "ended_at") if ended
    ]
    if len(times) >= LEAST_PEOPLE:
        where = "in this study" if len(family) == 1 else "in this study and those it was cloned from"
        return Estimate(median(times), f"the median of {len(times)} people {where}")
    longest = longest_minutes(study)
    return (
        None
        if longest is None
        else Estimate(longest, f"all time limits used up, and {AROUND_MINUTES:g} minutes around")
    )


def longest_minutes(study: Study) -> float | None:
    """Return how long a visit may take, in minutes; None where a task has no clock."""
    limits = list(study.tasks.values_list("time_limit_s", flat=True))
    return None if None in limits else AROUND_MINUTES + sum(limit for limit in limits if limit) / 60


def hourly_cents(study: Study) -> int | None:
    """Return what the study pays an hour by the estimate, in hundredths; None where either is not known."""
    likely = estimate(study)
    if likely is None or study.reward_cents is None:
        return None
    return round(study.reward_cents * 60 / max(likely.minutes, 1))


def money_checks(study: Study) -> list[Check]:
    """Time against Prolific's maximum and the lease, pay against the least an hour."""
    return [*_time(study), *_pay(study)]


def _time(study: Study) -> list[Check]:
    longest = longest_minutes(study)
    if longest is None:
        return []
    need = f"A visit may take {longest:.0f} minutes ({AROUND_MINUTES:g} of them around the tasks)"
    found = []
    if study.most_minutes is None:
        found.append(warning(f"{need}. Give Prolific's maximum time, so that it can be compared.", Mend.MONEY))
    elif longest > study.most_minutes:
        text = f"{need}, and Prolific times people out after {study.most_minutes}. Raise that, or shorten the tasks."
        found.append(block(text, Mend.MONEY))
    else:
        found.append(passed(f"{need}, and Prolific gives {study.most_minutes}."))
    if study.lease_minutes < longest:
        text = f"A place is held for {study.lease_minutes} minutes, less than a visit may take. Hold it longer."
        found.append(warning(text, Mend.PLACES))
    return found


def _pay(study: Study) -> list[Check]:
    likely, hourly = estimate(study), hourly_cents(study)
    if likely is None:
        return []
    takes = f"A person takes {_about(likely.minutes)} ({likely.basis})"
    if hourly is None:
        return [warning(f"{takes}. Give the reward, to see what that pays an hour.", Mend.MONEY)]
    reward = (study.reward_cents or 0) / 100
    pays = f"{takes}, so {study.currency} {reward:.2f} pay {hourly / 100:.2f} an hour"
    if hourly < study.least_hourly_cents:
        least = study.least_hourly_cents / 100
        return [warning(f"{pays}: less than the {least:.2f} that you set as the least.", Mend.MONEY)]
    return [passed(f"{pays}.")]


def _about(minutes: float) -> str:
    return "less than a minute" if minutes < 1 else f"about {minutes:.0f} minutes"


def _family(study: Study) -> list[int]:
    """The study and those it was cloned from, nearest first."""
    found: list[int] = []
    at: Study | None = study
    while at is not None and at.pk not in found:
        found.append(at.pk)
        at = at.cloned_from
    return found
