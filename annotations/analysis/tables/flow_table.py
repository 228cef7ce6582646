"""Who is counted: everybody who entered, step by step, with the reasons of those who came no further."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from annotations.analysis.observations.course_steps import ERASED, REASONS, WITHDREW, Course, Courses, Step
from annotations.analysis.observations.person_tasks import PersonTask
from annotations.analysis.tables.estimands import COMPARED, NO_CONTROL
from annotations.base.tables.columns import Table, worded

COUNTED, WITH_RUN = "counted", "with_run"
_BY_ITT, _COMPLETE = COMPARED[:2]
STEPS = (*(step.name.lower() for step in Step), COUNTED, WITH_RUN)


@dataclass(frozen=True)
class FlowLine:
    """How many people came to a step; with a reason, how many of those at the step `of` did not, and why."""

    task: int | None
    step: str
    reason: str
    people: int
    of: str


FLOW: Table[FlowLine] = worded(
    __package__, "flow", values={"step": STEPS, "reason": (*REASONS, "refused", "pending", "failed", NO_CONTROL)}
)


def flow_lines(courses: Courses, rows: Iterable[PersonTask], tasks: Iterable[int]) -> tuple[FlowLine, ...]:
    """Return the rows of `FLOW`. rows: of the people whose visits are in results."""
    by_person: dict[str, list[PersonTask]] = {}
    by_task: dict[int, list[PersonTask]] = {task: [] for task in tasks}
    for row in rows:
        by_person.setdefault(row.participant, []).append(row)
        by_task[row.task].append(row)
    lines = [*course_lines(courses), *_counted(None, list(by_person.values()), _lost(courses.people, by_person))]
    for task, of_task in by_task.items():
        lines.append(FlowLine(task, "allocated", "", len(of_task), ""))
        lines += _counted(task, [[row] for row in of_task], Counter())
    return tuple(lines)


def course_lines(courses: Courses) -> tuple[FlowLine, ...]:
    """Return the first of these rows, which need no analysis: how far people came."""
    people = courses.people
    lines = [FlowLine(None, Step.ENTERED.name.lower(), "", len(people), "")]
    for before, step in pairwise(courses.steps):
        out = Counter(each.reason for each in people if before <= each.step < step)
        n = sum(each.step >= step for each in people)
        lines += _lines(None, step.name.lower(), n, out, before.name.lower())
    return tuple(lines)


def _lost(people: Iterable[Course], by_person: Mapping[str, object]) -> Counter[str]:
    """Who was given a task in a visit of which nothing is used: by reason."""
    return Counter(
        each.reason if each.reason == ERASED else WITHDREW
        for each in people
        if each.step >= Step.ALLOCATED and each.participant not in by_person
    )


def _counted(task: int | None, of_people: Sequence[Sequence[PersonTask]], lost: Counter[str]) -> Iterator[FlowLine]:
    """Of people, or of one task: a person counts with one value of theirs."""
    missing = [min(_BY_ITT.values(rows).missing) for rows in of_people]
    counted = [rows for rows, why in zip(of_people, missing, strict=True) if not why]
    without = [min(_COMPLETE.values(rows).missing) for rows in counted]
    yield from _lines(task, COUNTED, len(counted), lost + Counter(filter(None, missing)), "allocated")
    yield from _lines(task, WITH_RUN, without.count(""), Counter(filter(None, without)), COUNTED)


def _lines(task: int | None, step: str, n: int, out: Counter[str], of: str) -> Iterator[FlowLine]:
    yield FlowLine(task, step, "", n, of)
    yield from (FlowLine(task, step, reason, n, of) for reason, n in sorted(out.items()))
