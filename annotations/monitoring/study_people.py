"""Where a study's people are: one reading, from which all counts of people and the next step are derived.

Of the participants alone, or of the experts where these are the audience: no previews and no simulated visits.
"""

import datetime as dt
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, DateTimeField, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Greatest

from annotations.models import (
    AnnotationSession,
    AssignmentState,
    Audience,
    EndReason,
    Event,
    Span,
    SpanKind,
    Stage,
    Study,
    StudyState,
    event_kinds,
)
from annotations.models.participant import LASTING
from annotations.monitoring.person_courses import people_kind

ACTIVE_WITHIN = dt.timedelta(minutes=2)
GONE_AFTER = dt.timedelta(minutes=30)  # without a sign of life: the person has left
_CONSENT, _TUTORIAL, _CHECK, _LAST_PAGE, _FINISHED = "Consent", "Tutorial", "Check", "Last page", "Finished"
_BEFORE_TASKS = (_CONSENT, _TUTORIAL, _CHECK)
_ENDED = {
    Stage.FINISHED: "finished",
    Stage.DECLINED: "declined",
    Stage.NOT_PASSED: "did not pass the check",
    Stage.WITHDRAWN: "withdrew",
}
_AT_WORK = (SpanKind.VISIBLE, SpanKind.WAITING, SpanKind.ENLARGED)


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
class People:
    """Everybody who entered a study, once, as they are at a moment; who came by two links is where they got furthest.

    ended: by the stage at which a visit ended. All counts and the next step of a study's pages are derived from this.
    """

    at: dt.datetime
    steps: tuple[Step, ...]
    ended: Counter[Stage]
    is_closed: bool

    @property
    def entered(self) -> int:
        return self.steps[0].reached

    @property
    def finished(self) -> int:
        return self.ended[Stage.FINISHED]

    @property
    def inside(self) -> int:
        """How many are at a page, active or idle; nobody is in a study that is closed."""
        return sum(step.here for step in self.steps)

    @property
    def left(self) -> int:
        return sum(step.left for step in self.steps)

    @property
    def in_words(self) -> list[tuple[int, str]]:
        """How many are where, together all who entered; what nobody is at is left out."""
        silent = "stopped as the study closed" if self.is_closed else "silent for half an hour"
        counts = [(self.inside, "inside now"), (self.left, silent)]
        counts += [(self.ended[stage], words) for stage, words in _ENDED.items()]
        return [(n, words) for n, words in counts if n]


def people_of(study: Study, now: dt.datetime) -> People:
    """Return where a study's people are: its participants, or its experts where these are its audience."""
    kind, labels = people_kind(study), _labels(study)
    seen_at = dict(lasting([study], kind).values_list("pk", "seen_at"))
    furthest: dict[int, tuple[int, Any]] = {}
    for visit in _visits(study, kind):
        label = _label(visit, labels)
        step = labels.index(label) if label in labels else 0  # of an expert who withdrew before any class
        if step >= furthest.get(visit.participant, (0,))[0]:
            furthest[visit.participant] = step, visit
    reached, active, idle, left = Counter[int](), Counter[int](), Counter[int](), Counter[int]()
    for step, visit in furthest.values():
        reached[step] += 1
        if visit.stage in LASTING:
            silence = now - seen_at.get(visit.pk, now)  # it may have ended between the two readings
            gone = study.state == StudyState.CLOSED or silence >= GONE_AFTER
            where = left if gone else active if silence <= ACTIVE_WITHIN else idle
            where[step] += 1
    return People(
        now,
        tuple(
            Step(label, sum(n for step, n in reached.items() if step >= i), active[i], idle[i], left[i])
            for i, label in enumerate(labels)
        ),
        Counter(Stage(visit.stage) for _, visit in furthest.values() if visit.stage not in LASTING),
        study.state == StudyState.CLOSED,
    )


def _visits(study: Study, kind: str) -> QuerySet[Any, Any]:
    """Visits of a kind, the earliest first.

    Withdrawing ends what was not ended: those tasks are not among the ended ones.
    """
    ended = Q(assignments__state=AssignmentState.ENDED) & ~Q(assignments__end_reason=EndReason.WITHDRAWN)
    visits = study.sessions.filter(kind=kind).order_by("created_at", "pk")
    counted = visits.annotate(n_tasks=Count("assignments"), n_ended=Count("assignments", filter=ended))
    columns = ("pk", "participant", "stage", "n_tasks", "n_ended", "tutorial_done_at", "consented_at")
    return counted.values_list(*columns, named=True)


def lasting(studies: Collection[Study], kind: str) -> QuerySet[Any, Any]:
    """Visits of a kind that last, with the last sign of life of each: `seen_at`."""
    acts = Event.objects.filter(session=OuterRef("pk"))
    acts = acts.exclude(kind=event_kinds.SPANS_REPORTED)  # a page also reports that it is hidden
    last_event = _latest(acts, "occurred_at")
    last_span = _latest(Span.objects.filter(session=OuterRef("pk"), kind__in=_AT_WORK), "ended_at")
    seen_at = Greatest(F("created_at"), last_event, last_span)  # of those that there are
    visits = AnnotationSession.objects.filter(study__in=studies, kind=kind, stage__in=LASTING)
    return visits.order_by().annotate(seen_at=seen_at)


def _latest(rows: QuerySet[Any], name: str) -> Subquery:
    latest = rows.order_by().values("session").annotate(at=Max(name)).values("at")
    return Subquery(latest, output_field=DateTimeField())


def _labels(study: Study) -> list[str]:
    n_tasks = study.tasks.count()
    tasks = ["Task"] if n_tasks == 1 else [f"Task {i + 1}" for i in range(n_tasks)]
    if study.audience == Audience.EXPERTS:
        return [*tasks, _LAST_PAGE, _FINISHED]
    check = [_CHECK] if study.comprehension_check else []
    return [_CONSENT, _TUTORIAL, *check, *tasks, _LAST_PAGE, _FINISHED]


def _label(visit: Any, labels: list[str]) -> str:
    """The furthest step that a visit came to; of one that is erased, the furthest that is still known."""
    is_withdrawn = visit.stage == Stage.WITHDRAWN
    if visit.stage == Stage.TASKS or (is_withdrawn and visit.n_tasks):
        tasks = [label for label in labels[:-1] if label not in _BEFORE_TASKS]  # up to the last page
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
