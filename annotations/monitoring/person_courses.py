"""How far each person came in a study, and why no further: everybody who entered, once."""

from collections.abc import Iterator

from django.db.models import Exists, OuterRef

from annotations.analysis.observations.course_steps import (
    DECLINED,
    ERASED,
    EXPERTS_STEPS,
    FAILED_CHECK,
    INSIDE,
    WITHDREW,
    Course,
    Courses,
    Step,
)
from annotations.models import (
    Allocation,
    AllocationState,
    AnnotationSession,
    Assignment,
    Audience,
    EndReason,
    Phrase,
    SessionKind,
    Stage,
    Study,
    StudyState,
)
from annotations.models.participant import LASTING

_ENDED = {Stage.DECLINED: DECLINED, Stage.NOT_PASSED: FAILED_CHECK}
_ON_PROLIFIC = ("returned", "timed_out")  # why a place was released


def people_kind(study: Study) -> SessionKind:
    """Return whose visits the study's numbers are of."""
    return SessionKind.EXPERT if study.audience == Audience.EXPERTS else SessionKind.PARTICIPANT


def courses(study: Study, kind: SessionKind) -> Courses:
    """Return the course of everybody of a kind who entered: that of the visit that came furthest."""
    furthest: dict[str, Course] = {}
    for course in _of_visits(study, kind):
        known = furthest.get(course.participant)
        if known is None or course.step >= known.step:
            furthest[course.participant] = course
    steps = EXPERTS_STEPS if kind == SessionKind.EXPERT else tuple(Step)
    return Courses(steps, tuple(furthest[participant] for participant in sorted(furthest)))


def _of_visits(study: Study, kind: SessionKind) -> Iterator[Course]:
    """The course of each visit, the earliest first."""
    work = Assignment.objects.filter(session=OuterRef("pk"))
    visits = study.sessions.filter(kind=kind).select_related("participant", "allocation").order_by("created_at", "pk")
    visits = visits.annotate(
        has_tasks=Exists(work),
        has_phrase=Exists(Phrase.objects.filter(assignment__session=OuterRef("pk"))),
        is_time_over=Exists(work.filter(end_reason=EndReason.TIME_OVER)),
    )
    for visit in visits.defer("sealed_withdrawal_token"):
        step = _step(visit)
        yield Course(
            visit.participant.pseudonym, step, _reason(visit, step, is_closed=study.state == StudyState.CLOSED)
        )


def _step(visit: AnnotationSession) -> Step:
    """The furthest step of a visit that is known: of one that is erased its tasks are not."""
    if visit.stage == Stage.FINISHED and (visit.has_phrase or visit.erased_at is not None):  # type: ignore[attr-defined]
        return Step.FINISHED
    if visit.has_phrase:  # type: ignore[attr-defined]
        return Step.WORKED
    if visit.has_tasks:  # type: ignore[attr-defined]
        return Step.ALLOCATED
    return Step.CONSENTED if visit.consented_at is not None else Step.ENTERED


def _reason(visit: AnnotationSession, step: Step, *, is_closed: bool) -> str:
    if visit.erased_at is not None:
        return ERASED
    if visit.withdrawn_at is not None:
        return WITHDREW
    if visit.stage == Stage.FINISHED:
        return "" if step is Step.FINISHED else "no_phrase"
    if visit.stage not in LASTING:
        return _ENDED[Stage(visit.stage)]
    place: Allocation | None = getattr(visit, "allocation", None)
    if place is not None and place.release_reason in _ON_PROLIFIC:
        return place.release_reason
    if place is None or place.state == AllocationState.LIVE:
        return "study_closed" if is_closed else INSIDE if place or visit.is_expert else "no_answer"
    return "time_over" if visit.is_time_over else "left"  # type: ignore[attr-defined]
