"""Checks of time and money: what people have time for, how long they take, and what that pays an hour."""

from annotations.models import Study
from annotations.readings.studies.preflight.check_result import Check, FixIn, block, passed, warning
from annotations.readings.studies.preflight.duration import AROUND_MINUTES, Estimate, estimate, longest_minutes


def hourly_cents(study: Study, likely: Estimate) -> int | None:
    """Return what the study pays an hour by an estimate, in hundredths; None where there is no reward yet."""
    return None if study.reward_cents is None else round(study.reward_cents * 60 / max(likely.minutes, 1))


def money_checks(study: Study) -> list[Check]:
    """Time against Prolific's maximum and the lease, pay against the least an hour."""
    return [*_time(study), *_pay(study)]


def _time(study: Study) -> list[Check]:
    longest = longest_minutes(study)
    if longest is None:
        return []
    need = f"A visit may take {longest:.0f} minutes ({AROUND_MINUTES:g} of them around the tasks)"
    found = []
    if study.max_minutes is None:
        found.append(warning(f"{need}. Give Prolific's maximum time, so that it can be compared.", FixIn.MONEY))
    elif longest > study.max_minutes:
        text = f"{need}, and Prolific times people out after {study.max_minutes}. Raise that, or shorten the tasks."
        found.append(block(text, FixIn.MONEY))
    else:
        found.append(passed(f"{need}, and Prolific gives {study.max_minutes}."))
    if study.lease_minutes < longest:
        text = f"A place is held for {study.lease_minutes} minutes, less than a visit may take. Hold it longer."
        found.append(warning(text, FixIn.PLACES))
    return found


def _pay(study: Study) -> list[Check]:
    likely = estimate(study)
    if likely is None:
        return []
    hourly = hourly_cents(study, likely)
    unknown = "Too few people were here to tell how long it takes. Whoever uses all the time"
    takes = f"{unknown if likely.is_most else 'A person'} takes {_about(likely.minutes)} ({likely.basis})"
    if hourly is None:
        return [warning(f"{takes}. Give the reward, to see what that pays an hour.", FixIn.MONEY)]
    reward = (study.reward_cents or 0) / 100
    least = "at least " if likely.is_most else ""
    pays = f"{takes}, so {study.currency} {reward:.2f} pay {least}{hourly / 100:.2f} an hour"
    if hourly < study.min_hourly_cents:
        wanted = study.min_hourly_cents / 100
        return [warning(f"{pays}: less than the {wanted:.2f} that you set as the least.", FixIn.MONEY)]
    return [passed(f"{pays}.")]


def _about(minutes: float) -> str:
    return "less than a minute" if minutes < 1 else f"{minutes:.0f} minutes"
