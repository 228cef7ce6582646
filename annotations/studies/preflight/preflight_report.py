"""All checks of a study, in the order in which one would mend them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.utils import timezone

from annotations.models import Audience, Study, StudyState
from annotations.studies.preflight.check_result import Check, FixIn, Level, block, passed
from annotations.studies.preflight.entry_checks import care_checks, expert_checks, place_checks, way_checks
from annotations.studies.preflight.pay_checks import money_checks
from annotations.studies.preflight.task_checks import task_checks
from annotations.studies.readiness import reasons_not_ready, rehearsal_reasons
from clarify_errors.arrays.common.counted_words import counted


class Part(NamedTuple):
    """The checks of one subject."""

    title: str
    checks: list[Check]


def report(study: Study) -> list[Part]:
    """Return everything that can be checked here, without asking Prolific.

    Experts come by no link, fill no places, are paid nothing here, and find out themselves whether it works.
    """
    if study.audience == Audience.EXPERTS:
        return [
            Part("Tasks and images", [check for check in task_checks(study) if check.fix_in is not FixIn.REHEARSAL]),
            Part("People", list(expert_checks(study))),
            Part("Care", care_checks(study)),
        ]
    parts = [
        Part("Tasks and images", task_checks(study)),
        Part("The way in and back", way_checks(study)),
        Part("People and places", list(place_checks(study))),
        Part("Time and money", money_checks(study)),
        Part("Care", care_checks(study)),
        Part("Rehearsal", _rehearsal(study)),
    ]
    return [part for part in parts if part.checks]


def checks_of(parts: Iterable[Part]) -> list[Check]:
    """Return the checks of all parts, in order."""
    return [check for part in parts for check in part.checks]


def blocking(study: Study, *, without_rehearsal: bool = False) -> list[str]:
    """Return the sentences of what keeps the study from opening, in the report's order."""
    blocks = [check for check in checks_of(report(study)) if check.level is Level.BLOCK]
    return [check.sentence for check in blocks if not (without_rehearsal and check.fix_in is FixIn.REHEARSAL)]


def doubts(study: Study) -> list[str]:
    """Return the sentences of what puts in doubt whatever people find, in the report's order."""
    return [check.sentence for check in checks_of(report(study)) if check.level is Level.DOUBT]


def _rehearsal(study: Study) -> list[Check]:
    if study.state != StudyState.DRAFT or reasons_not_ready(study):
        return []  # it was rehearsed before it opened; or it cannot be yet
    reasons = rehearsal_reasons(study, timezone.now())
    if reasons:
        return [block(reason, FixIn.REHEARSAL) for reason in reasons]
    newest = study.rehearsals.order_by("-id").first()
    assert newest is not None and newest.finished_at is not None, "there is a good one"
    return [passed(f"{newest.n_people} simulated participants went through it at {newest.finished_at:%H:%M} UTC.")]


@dataclass(frozen=True)
class Summary:
    """`mark`: the class of the mark, after "mark-"; `word`: what stands in it; `worth`: how much is worth a look."""

    mark: str
    word: str
    sentence: str
    worth: str = ""


def preflight_summary(study: Study, checks: Iterable[Check]) -> Summary:
    """Return the summary of a report's checks."""
    levels, is_draft = [check.level for check in checks], study.state == StudyState.DRAFT
    n_blocking, n_doubts, n_warnings = (levels.count(each) for each in (Level.BLOCK, Level.DOUBT, Level.WARN))
    worth = f"{counted(n_warnings, 'thing is', 'things are')} worth a look." if n_warnings else ""
    if n_doubts:
        worth = f"{counted(n_doubts, 'thing puts', 'things put')} what people find in doubt. {worth}".strip()
    ready = ("paused", "Ready, with doubts") if n_doubts else ("done", "Ready")
    mark, word = ready if is_draft else (study.state, study.get_state_display())
    if n_blocking and not is_draft:
        return Summary(mark, word, f"{counted(n_blocking, 'thing is', 'things are')} not right.", worth)
    if n_blocking:
        keep = counted(n_blocking, "thing keeps", "things keep")
        return Summary("failed", "Not ready", f"{keep} the study from opening.", worth)
    doubtful = ", but its results would be in doubt" if n_doubts else ""
    nothing = f"The study can open{doubtful}." if is_draft else ""
    return Summary(mark, word, nothing if worth else "Everything is as it should be.", worth)


def not_right(study: Study) -> list[str]:
    """Return what each check says that does not pass, in the report's order."""
    return [check.sentence for check in checks_of(report(study)) if check.level not in (Level.PASS, Level.SKIP)]
