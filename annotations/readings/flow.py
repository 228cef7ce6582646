"""How people go through a study: where they are, who is active, who left where.

Of the participants alone: no previews, no simulated visits, no experts, who come and go as they like.
"""

import datetime as dt
import statistics
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, DateTimeField, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from annotations.models import (
    AssignmentState,
    Event,
    SessionKind,
    Span,
    SpanKind,
    Stage,
    Study,
    Submission,
)
from annotations.models.participant import LASTING
from annotations.prolific.statuses import RETURNED, TIMED_OUT

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
    visits = list(_visits(study).values_list("stage", "n_ended", "seen_at", "consented_at"))
    reached, active, idle, left = Counter[int](), Counter[int](), Counter[int](), Counter[int]()
    consented_and_left = 0
    for stage, n_ended, seen_at, consented_at in visits:
        at = labels.index(_label(stage, n_ended, labels))
        reached[at] += 1
        if stage in LASTING:
            silence = now - seen_at
            where = active if silence <= ACTIVE_WITHIN else idle if silence < GONE_AFTER else left
            where[at] += 1
            consented_and_left += where is left and consented_at is not None
    finished = sum(stage == Stage.FINISHED for stage, *_ in visits)
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


def failed_check(study: Study) -> Share:
    """Who did not pass the comprehension check, of all whose check has ended."""
    taken = study.sessions.filter(kind=SessionKind.PARTICIPANT, check_attempts__isnull=False).distinct()
    failed = taken.filter(stage=Stage.NOT_PASSED).count()
    passed = taken.filter(stage__in=(Stage.TASKS, Stage.FINISHED)).count()
    return Share(failed, failed + passed)


def returned(study: Study) -> Share:
    """Submissions that were returned or timed out on Prolific, of all that have ended there or are at work."""
    known = Submission.objects.filter(study=study).exclude(status="")
    return Share(known.filter(status__in=(RETURNED, TIMED_OUT)).count(), known.count())


def median_active_s(study: Study) -> float | None:
    """Return the median of the seconds that a page of the visit was in view, of those who finished; None for nobody.

    Raw spans in view, their union where two windows were open. Away, idle for half a minute and hidden do not count.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ACTIVE_SECONDS, [study.pk])
        seconds = [float(row[0]) for row in cursor.fetchall()]
    return statistics.median(seconds) if seconds else None


def _visits(study: Study) -> QuerySet[Any]:
    """Visits of participants, each with the number of tasks that ended and the last sign of life."""
    last_event = _latest(Event.objects.filter(session=OuterRef("pk")), "occurred_at")
    last_span = _latest(Span.objects.filter(session=OuterRef("pk"), kind__in=_AT_WORK), "ended_at")
    visits: QuerySet[Any] = (
        study.sessions.filter(kind=SessionKind.PARTICIPANT)
        .order_by()
        .annotate(
            n_ended=Count("assignments", filter=Q(assignments__state=AssignmentState.ENDED)),
            seen_at=Greatest(
                F("created_at"),
                Coalesce(last_event, F("created_at")),
                Coalesce(last_span, F("created_at")),
            ),
        )
    )
    return visits


def _latest(rows: QuerySet[Any], name: str) -> Subquery:
    latest = rows.order_by().values("session").annotate(at=Max(name)).values("at")
    return Subquery(latest, output_field=DateTimeField())


def _labels(study: Study) -> list[str]:
    n_tasks = study.tasks.count()
    tasks = ["Task"] if n_tasks == 1 else [f"Task {i + 1}" for i in range(n_tasks)]
    check = [_CHECK] if study.comprehension_check else []
    return [_CONSENT, _TUTORIAL, *check, *tasks, _LAST_PAGE, _FINISHED]


def _label(stage: str, n_ended: int, labels: list[str]) -> str:
    """The furthest step that a visit came to; of one that was withdrawn before its tasks, the first."""
    if stage == Stage.TASKS or (stage == Stage.WITHDRAWN and n_ended):
        tasks = labels[labels.index(_TUTORIAL) + 1 : -1]  # up to the last page
        tasks = tasks[1:] if tasks[0] == _CHECK else tasks
        return tasks[min(n_ended, len(tasks) - 1)]
    checked = _CHECK if _CHECK in labels else _TUTORIAL
    by_stage = {
        Stage.TUTORIAL: _TUTORIAL,
        Stage.CHECK: checked,
        Stage.NOT_PASSED: checked,
        Stage.FINISHED: _FINISHED,
    }
    return by_stage.get(Stage(stage), _CONSENT)
