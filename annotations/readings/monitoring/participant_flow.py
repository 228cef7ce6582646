"""How people go through a study: where they are, who is active, who left where.

Of the participants alone: no previews, no simulated visits, no experts, who come and go as they like.
"""

import datetime as dt
import statistics
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, DateTimeField, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Greatest

from annotations.models import (
    AnnotationSession,
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
class Shares:
    """Who did not finish a study.

    dropout: who left, of those who consented and have left or finished. failed_check: who did not pass the
    comprehension check, of all whose check has ended, by the visits' own stages, which an erasure leaves as they are;
    of who withdrew meanwhile nothing is said. returned: submissions that were returned or timed out on Prolific, of all
    that have ended there or are at work.
    """

    dropout: Share
    failed_check: Share
    returned: Share


@dataclass(frozen=True)
class Flow:
    """`active_s`: median of who finished."""

    steps: tuple[Step, ...]
    shares: Shares
    finished: int
    active_s: float | None


def flow(study: Study, now: dt.datetime) -> Flow:
    """Return how people went through a study up to now."""
    labels = _labels(study)
    visits, seen_at = list(_visits(study)), dict(_lasting([study]).values_list("pk", "seen_at"))
    reached, active, idle, left = Counter[int](), Counter[int](), Counter[int](), Counter[int]()
    for visit in visits:
        at = labels.index(_label(visit, labels))
        reached[at] += 1
        if visit.stage in LASTING:
            silence = now - seen_at.get(visit.pk, now)  # it may have ended between the two readings
            where = active if silence <= ACTIVE_WITHIN else idle if silence < GONE_AFTER else left
            where[at] += 1
    steps = (
        Step(label, sum(n for step, n in reached.items() if step >= i), active[i], idle[i], left[i])
        for i, label in enumerate(labels)
    )
    return Flow(
        steps=tuple(steps),
        shares=shares([study], now)[study.pk],
        finished=sum(visit.stage == Stage.FINISHED for visit in visits),
        active_s=median_active_s(study),
    )


def n_inside(study: Study, now: dt.datetime) -> int:
    """Return how many participants are inside, active or idle."""
    return _lasting([study]).filter(seen_at__gt=now - GONE_AFTER).count()


def shares(studies: Collection[Study], now: dt.datetime) -> dict[int, Shares]:
    """Return how many did not finish each study, by its number, in as many queries for one study as for a thousand."""
    visits = AnnotationSession.objects.filter(study__in=studies, kind=SessionKind.PARTICIPANT).order_by()
    is_left = _lasting(studies).filter(consented_at__isnull=False, seen_at__lte=now - GONE_AFTER)
    left = Counter(dict(is_left.values_list("study").annotate(n=Count("id"))))
    at = Counter(
        {(study, stage): n for study, stage, n in visits.values_list("study", "stage").annotate(n=Count("id"))}
    )
    over = Q(status__in=(Status.RETURNED, Status.TIMED_OUT))
    known = Submission.objects.filter(study__in=studies).exclude(status="").order_by().values_list("study")
    returned = {study: Share(n, of) for study, n, of in known.annotate(n=Count("id", filter=over), of=Count("id"))}

    def failed_check(study: Study) -> Share:
        if not study.comprehension_check:
            return Share(0, 0)
        failed = at[study.pk, Stage.NOT_PASSED]
        return Share(failed, failed + at[study.pk, Stage.TASKS] + at[study.pk, Stage.FINISHED])

    return {
        study.pk: Shares(
            Share(left[study.pk], left[study.pk] + at[study.pk, Stage.FINISHED]),
            failed_check(study),
            returned.get(study.pk, Share(0, 0)),
        )
        for study in studies
    }


def median_active_s(study: Study) -> float | None:
    """Return the median of the seconds that a page of the visit was in view, of those who finished; None for nobody.

    Raw spans in view, their union where two windows were open. Away, idle for half a minute and hidden do not count.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ACTIVE_SECONDS, [study.pk])
        seconds = [float(row[0]) for row in cursor.fetchall()]
    return statistics.median(seconds) if seconds else None


def _visits(study: Study) -> QuerySet[Any, Any]:
    """Visits of participants. Withdrawing ends what was not ended: those tasks are not among the ended ones."""
    ended = Q(assignments__state=AssignmentState.ENDED) & ~Q(assignments__end_reason=EndReason.WITHDRAWN)
    visits = study.sessions.filter(kind=SessionKind.PARTICIPANT).order_by()
    counted = visits.annotate(n_tasks=Count("assignments"), n_ended=Count("assignments", filter=ended))
    return counted.values_list("pk", "stage", "n_tasks", "n_ended", "tutorial_done_at", "consented_at", named=True)


def _lasting(studies: Collection[Study]) -> QuerySet[Any, Any]:
    """Visits of participants that last, with the last sign of life of each: `seen_at`."""
    acts = Event.objects.filter(session=OuterRef("pk"))
    acts = acts.exclude(kind=event_kinds.SPANS_REPORTED)  # a page also reports that it is hidden
    last_event = _latest(acts, "occurred_at")
    last_span = _latest(Span.objects.filter(session=OuterRef("pk"), kind__in=_AT_WORK), "ended_at")
    seen_at = Greatest(F("created_at"), last_event, last_span)  # of those that there are
    visits = AnnotationSession.objects.filter(study__in=studies, kind=SessionKind.PARTICIPANT, stage__in=LASTING)
    return visits.order_by().annotate(seen_at=seen_at)


def _latest(rows: QuerySet[Any], name: str) -> Subquery:
    latest = rows.order_by().values("session").annotate(at=Max(name)).values("at")
    return Subquery(latest, output_field=DateTimeField())


def _labels(study: Study) -> list[str]:
    n_tasks = study.tasks.count()
    tasks = ["Task"] if n_tasks == 1 else [f"Task {i + 1}" for i in range(n_tasks)]
    check = [_CHECK] if study.comprehension_check else []
    return [_CONSENT, _TUTORIAL, *check, *tasks, _LAST_PAGE, _FINISHED]


def _label(visit: Any, labels: list[str]) -> str:
    """The furthest step that a visit came to; of one that is erased, the furthest that is still known."""
    is_withdrawn = visit.stage == Stage.WITHDRAWN
    if visit.stage == Stage.TASKS or (is_withdrawn and visit.n_tasks):
        tasks = labels[labels.index(_TUTORIAL) + 1 : -1]  # up to the last page
        tasks = tasks[1:] if tasks[0] == _CHECK else tasks
        here: int = min(visit.n_ended, len(tasks) - 1)
        return tasks[here]
    checked = _CHECK if _CHECK in labels else _TUTORIAL
    if is_withdrawn:
        return checked if visit.tutorial_done_at else _TUTORIAL if visit.consented_at else _CONSENT
    by_stage = {
        Stage.TUTORIAL: _TUTORIAL,
        Stage.CHECK: checked,
        Stage.NOT_PASSED: checked,
        Stage.FINISHED: _FINISHED,
    }
    return by_stage.get(Stage(visit.stage), _CONSENT)
