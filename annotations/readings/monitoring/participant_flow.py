"""How people go through a study: where they are, who is active, who left where.

Of the participants alone: no previews, no simulated visits, no experts, who come and go as they like.
"""

import datetime as dt
import statistics
from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, DateTimeField, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from annotations.models import (
    AssignmentState,
    EndReason,
    Event,
    SessionKind,
    Span,
    SpanKind,
    Stage,
    Study,
    Submission,
    event_kinds,
)
from annotations.models.participant import LASTING
from annotations.prolific.statuses import Status

ACTIVE_WITHIN = dt.timedelta(minutes=2)
GONE_AFTER = dt.timedelta(minutes=30)  # without a sign of life: the person has left
_CONSENT, _TUTORIAL, _CHECK, _LAST_PAGE, _FINISHED = "Consent", "Tutorial", "Check", "Last page", "Finished"
_AT_WORK = (SpanKind.VISIBLE, SpanKind.WAITING, SpanKind.ENLARGED)
# The union of the spans in view, which two windows may both have open, as one range of ranges; in seconds.
_ACTIVE_SECONDS = """
SELECT EXTRACT(EPOCH FROM (
    SELECT coalesce(sum(upper(one) - lower(one)), interval '0')
    FROM unnest(range_agg(tstzrange(span.began_at, span.ended_at))) AS one
))
FROM annotations_span span JOIN annotations_annotationsession visit ON visit.id = span.session_id
WHERE span.kind = 'visible' AND visit.study_id = %s AND visit.kind = 'participant' AND visit.stage = 'finished'
GROUP BY span.session_id
"""


@dataclass(frozen=True)
class Step:
    """One step of a visit. Everybody who came to it has either gone on, is there now, ended there, or left there."""

    label: str
    reached: int
    active: int
    idle: int
    left: int

    @property
    def here(self) -> int:
        return self.active + self.idle


@dataclass(frozen=True)
class Share:
    """How many of how many; of none there is no share."""

    n: int
    of: int

    @property
    def value(self) -> float | None:
        return self.n / self.of if self.of else None


@dataclass(frozen=True)
class Flow:
    """`dropout`: who left, of those who consented and have left or finished. `active_s`: median of who finished."""

    steps: tuple[Step, ...]
    dropout: Share
    failed_check: Share
    returned: Share
    finished: int
    active_s: float | None


def flow(study: Study, now: dt.datetime) -> Flow:
    """Return how people went through a study up to now."""
    labels = _labels(study)
    visits, seen_at = _visits(study), _signs_of_life(study)
    reached, active, idle, left = Counter[int](), Counter[int](), Counter[int](), Counter[int]()
    consented_and_left = 0
    for visit in visits:
        at = labels.index(_label(visit, labels))
        reached[at] += 1
        if visit.stage in LASTING:
            silence = now - seen_at.get(visit.pk, now)  # it may have ended between the two readings
            where = active if silence <= ACTIVE_WITHIN else idle if silence < GONE_AFTER else left
            where[at] += 1
            consented_and_left += where is left and visit.is_consented
    finished = sum(visit.stage == Stage.FINISHED for visit in visits)
    steps = (
        Step(label, sum(n for step, n in reached.items() if step >= i), active[i], idle[i], left[i])
        for i, label in enumerate(labels)
    )
    return Flow(
        steps=tuple(steps),
        dropout=Share(consented_and_left, consented_and_left + finished),
        failed_check=failed_check(study),
        returned=returned(study),
        finished=finished,
        active_s=median_active_s(study),
    )


def n_inside(study: Study, now: dt.datetime) -> int:
    """Return how many participants are inside, active or idle."""
    return sum(now - seen_at < GONE_AFTER for seen_at in _signs_of_life(study).values())


def failed_check(study: Study) -> Share:
    """Who did not pass the comprehension check, of all whose check has ended.

    By the visits' own stages, which an erasure leaves as they are; of who withdrew meanwhile nothing is said.
    """
    ended = (Stage.NOT_PASSED, Stage.TASKS, Stage.FINISHED) if study.comprehension_check else ()
    stages = study.sessions.filter(kind=SessionKind.PARTICIPANT, stage__in=ended).values_list("stage", flat=True)
    return Share(sum(stage == Stage.NOT_PASSED for stage in stages), len(stages))


def returned(study: Study) -> Share:
    """Submissions that were returned or timed out on Prolific, of all that have ended there or are at work."""
    known = Submission.objects.filter(study=study).exclude(status="")
    return Share(known.filter(status__in=(Status.RETURNED, Status.TIMED_OUT)).count(), known.count())


def median_active_s(study: Study) -> float | None:
    """Return the median of the seconds that a page of the visit was in view, of those who finished; None for nobody.

    Raw spans in view, their union where two windows were open. Away, idle for half a minute and hidden do not count.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ACTIVE_SECONDS, [study.pk])
        seconds = [float(row[0]) for row in cursor.fetchall()]
    return statistics.median(seconds) if seconds else None


class _Visit(NamedTuple):
    """A participant's visit: where it stands, and how many of its tasks the person ended, or had taken from them."""

    pk: int
    stage: str
    n_tasks: int
    n_ended: int
    is_taught: bool
    is_consented: bool


def _visits(study: Study) -> list[_Visit]:
    """Visits of participants. Withdrawing ends what was not ended: those tasks are not among the ended ones."""
    ended = Q(assignments__state=AssignmentState.ENDED) & ~Q(assignments__end_reason=EndReason.WITHDRAWN)
    rows = (
        study.sessions.filter(kind=SessionKind.PARTICIPANT)
        .order_by()
        .annotate(n_tasks=Count("assignments"), n_ended=Count("assignments", filter=ended))
        .values_list("pk", "stage", "n_tasks", "n_ended", "tutorial_done_at", "consented_at")
    )
    return [_Visit(*row[:4], is_taught=row[4] is not None, is_consented=row[5] is not None) for row in rows]


def _signs_of_life(study: Study) -> dict[int, dt.datetime]:
    """The last sign of life of each visit that lasts; of those that have ended nobody asks."""
    acts = Event.objects.filter(session=OuterRef("pk"))
    acts = acts.exclude(kind=event_kinds.SPANS_REPORTED)  # a page also reports that it is hidden
    last_event = _latest(acts, "occurred_at")
    last_span = _latest(Span.objects.filter(session=OuterRef("pk"), kind__in=_AT_WORK), "ended_at")
    seen_at = Greatest(
        F("created_at"),
        Coalesce(last_event, F("created_at")),
        Coalesce(last_span, F("created_at")),
    )
    visits = study.sessions.filter(kind=SessionKind.PARTICIPANT, stage__in=LASTING).order_by()
    return dict(visits.values_list("pk", seen_at))


def _latest(rows: QuerySet[Any], name: str) -> Subquery:
    latest = rows.order_by().values("session").annotate(at=Max(name)).values("at")
    return Subquery(latest, output_field=DateTimeField())


def _labels(study: Study) -> list[str]:
    n_tasks = study.tasks.count()
    tasks = ["Task"] if n_tasks == 1 else [f"Task {i + 1}" for i in range(n_tasks)]
    check = [_CHECK] if study.comprehension_check else []
    return [_CONSENT, _TUTORIAL, *check, *tasks, _LAST_PAGE, _FINISHED]


def _label(visit: _Visit, labels: list[str]) -> str:
    """The furthest step that a visit came to; of one that is erased, the furthest that is still known."""
    is_withdrawn = visit.stage == Stage.WITHDRAWN
    if visit.stage == Stage.TASKS or (is_withdrawn and visit.n_tasks):
        tasks = labels[labels.index(_TUTORIAL) + 1 : -1]  # up to the last page
        tasks = tasks[1:] if tasks[0] == _CHECK else tasks
        return tasks[min(visit.n_ended, len(tasks) - 1)]
    checked = _CHECK if _CHECK in labels else _TUTORIAL
    if is_withdrawn:
        return checked if visit.is_taught else _TUTORIAL if visit.is_consented else _CONSENT
    by_stage = {
        Stage.TUTORIAL: _TUTORIAL,
        Stage.CHECK: checked,
        Stage.NOT_PASSED: checked,
        Stage.FINISHED: _FINISHED,
    }
    return by_stage.get(Stage(visit.stage), _CONSENT)
