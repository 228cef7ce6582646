"""Checks of time and money: what people have time for, how long they take, and what that pays an hour."""

from collections.abc import Iterator

from annotations.models import Study
from annotations.models.payment import amount
from annotations.studies.preflight.check_result import Check, FixIn, Level, block, passed, warning
from annotations.studies.preflight.duration import AROUND_MINUTES, MIN_PEOPLE, estimate, longest_minutes


def hourly_cents(study: Study, minutes: float) -> int | None:
    """Return what the study pays an hour by the minutes that are shown, in hundredths; None where it has no reward."""
    return None if study.reward_cents is None else round(study.reward_cents * 60 / minutes)


def money_checks(study: Study) -> list[Check]:
    """Time against Prolific's maximum and the lease, pay against the least an hour."""
    return [*_time(study), *_pay(study)]


def low_pay(study: Study) -> list[str]:
    """Return a sentence if the study pays, and less than the least an hour; else nothing."""
    if not study.reward_cents:
        return []
    return [check.sentence for check in _pay(study) if check.level is Level.WARN]


def _time(study: Study) -> Iterator[Check]:
    longest = longest_minutes(study)
    if longest is None:
        return
    need = f"A visit may take {longest} minutes ({AROUND_MINUTES:g} of them around the tasks)"
    if study.max_minutes is None:
        yield warning(f"{need}. Give Prolific’s maximum time, so that pre-flight can compare the two.", FixIn.MONEY)
    elif longest > study.max_minutes:
        text = f"{need}, and Prolific times people out after {study.max_minutes}. Raise that, or shorten the tasks."
        yield block(text, FixIn.MONEY)
    else:
        yield passed(f"{need}, and Prolific gives {study.max_minutes}.")
    if study.lease_minutes < longest:
        text = f"A place is held for {study.lease_minutes} minutes, less than a visit may take. Hold it longer."
        yield warning(text, FixIn.PLACES)


def _pay(study: Study) -> list[Check]:
    likely = estimate(study)
    if likely is None:
        return []
    minutes = max(likely.minutes, 1)
    hourly = hourly_cents(study, minutes)
    few = (
        f"Fewer than {MIN_PEOPLE} people whose browser runs scripts have completed a visit. That is too few to tell "
        "how long it takes."
    )
    who = f"{few} Whoever uses all the time" if likely.is_most else "A person"
    takes = f"{who} takes {minutes:g} minute{'s' * (minutes > 1)} ({likely.basis})"
    if hourly is None:
        return [warning(f"{takes}. Give the reward to see the hourly pay.", FixIn.MONEY)]
    least = "at least " if likely.is_most else ""
    reward, an_hour = (amount(cents, study.currency) for cents in (study.reward_cents or 0, hourly))
    pays = f"{takes}, so {reward} each is {least}{an_hour} an hour"
    if hourly < study.min_hourly_cents:
        wanted = amount(study.min_hourly_cents, study.currency)
        return [warning(f"{pays}. That is less than {wanted}, the minimum set for this study.", FixIn.MONEY)]
    return [passed(f"{pays}.")]
