"""Assignments and their clock: the server's, moved by the time that scoring took (docs/decisions/0002)."""

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from annotations.base import typed_texts
from annotations.base.row_changes import change
from annotations.base.service_errors import (
    AssignmentNotActive,
    SkippedWithoutReason,
    StageMismatch,
    StudyNotOpen,
    TimeIsNotOver,
    TimeIsOver,
    TooFewPhrases,
)
from annotations.log import events
from annotations.models import (
    AnnotationSession,
    Assignment,
    AssignmentState,
    EndReason,
    KeywordDisplay,
    Phrase,
    PhraseState,
    Stage,
    StudyState,
    event_kinds,
)
from annotations.models.assignment import MAX_WAITING
from annotations.models.end_questions import MAX_ANSWER_LENGTH
from annotations.runs import retraining as runs

MAX_WAITING_FOR_ONE = dt.timedelta(seconds=60)
SLACK = dt.timedelta(seconds=2)  # a request that left in time still counts
SWEEP_AFTER = dt.timedelta(seconds=6)  # later than SLACK, so that the page ends its own assignment first


def record_made(made: Sequence[Assignment]) -> None:
    """Note in the log that a visit got its assignments."""
    for assignment in made:
        _record(event_kinds.ASSIGNMENT_MADE, assignment)


def start(assignment: Assignment) -> Assignment:
    """Start the clock, which experts have none of. A no-op where it runs; the object then shows the row.

    Raises StageMismatch out of the tasks' order (experts choose theirs), AssignmentNotActive after the end,
    StudyNotOpen in a closed study.
    """
    with transaction.atomic():
        locked = lock(assignment)
        if locked.state == AssignmentState.ENDED:
            raise AssignmentNotActive
        if locked.state == AssignmentState.WAITING:
            _refuse_out_of_order(locked)
            now = timezone.now()
            locked.state = AssignmentState.ACTIVE
            locked.started_at = now
            if locked.session.keyword_display == KeywordDisplay.BEFORE and locked.task.keyword_list:
                locked.keywords_seen_at = now
            limit = None if locked.session.is_expert else locked.task.time_limit_s
            if limit is not None:
                locked.first_deadline_at = locked.deadline_at = now + dt.timedelta(seconds=limit)
            locked.save(update_fields=["state", "started_at", "first_deadline_at", "deadline_at", "keywords_seen_at"])
            _record(event_kinds.ASSIGNMENT_STARTED, locked)
    assignment.refresh_from_db()
    return assignment


def show_keywords(assignment: Assignment) -> None:
    """Note that a machine's keywords stand on the page from now on, because its person asked for them.

    A no-op where they stand there already, or the visit is not shown any. Raises as `refuse_unless_running` does.
    """
    with transaction.atomic():
        locked = lock(assignment)
        now = timezone.now()
        refuse_unless_running(locked, now)
        on_demand = locked.session.keyword_display == KeywordDisplay.ON_DEMAND and locked.task.keyword_list
        if on_demand and locked.keywords_seen_at is None:
            change(locked, keywords_seen_at=now)
            _record(event_kinds.KEYWORDS_SHOWN, locked)


def note(assignment: Assignment, text: str) -> None:
    """Keep an expert's note on a class, the last one. A no-op where nothing changed. Raises TextTooLong."""
    text = typed_texts.kept(text, MAX_ANSWER_LENGTH)
    with transaction.atomic():
        locked = lock(assignment)
        if text != locked.note:
            change(locked, note=text)
            _record(event_kinds.ASSIGNMENT_NOTED, locked)


def take_up_again(assignment: Assignment) -> Assignment:
    """Go on with a class that was skipped; the object then shows the row. A no-op for any other."""
    with transaction.atomic():
        locked = lock(assignment)
        if locked.end_reason == EndReason.SKIPPED:
            change(locked, state=AssignmentState.ACTIVE, ended_at=None, end_reason="")
            _record(event_kinds.ASSIGNMENT_STARTED, locked)
    assignment.refresh_from_db()
    return assignment


def end(assignment: Assignment, reason: EndReason) -> Assignment:
    """End an assignment and plan its runs. A no-op where it has ended; the object then shows the row.

    DONE after the deadline is stored as TIME_OVER; in time it needs the task's least phrases (TooFewPhrases).
    TIME_OVER before the deadline is refused by the server's clock (TimeIsNotOver). SKIPPED is an expert's, and needs a
    note (SkippedWithoutReason). STUDY_CLOSED and WITHDRAWN end a waiting one too; for any other reason that raises
    AssignmentNotActive.
    """
    with transaction.atomic():
        locked = lock(assignment)
        if locked.state != AssignmentState.ENDED:
            now = timezone.now()
            _end(locked, _allowed_reason(locked, reason, now), now)
    assignment.refresh_from_db()
    return assignment


def end_overdue(now: dt.datetime, *, session: AnnotationSession | None = None) -> int:
    """End the assignments that passed their effective deadline: all after SWEEP_AFTER, or one session's at once.

    Returns how many were ended. Assignments that somebody else has locked are left to the next sweep.
    """
    grace = SWEEP_AFTER if session is None else dt.timedelta(0)
    active = Assignment.objects.filter(state=AssignmentState.ACTIVE, deadline_at__lt=now - grace)
    if session is not None:
        active = active.filter(session=session)
    return sum(_end_if_overdue(pk, now, grace) for pk in active.values_list("pk", flat=True))


def effective_deadline(
    assignment: Assignment, now: dt.datetime, phrases: Iterable[Phrase] | None = None
) -> dt.datetime | None:
    """Return the deadline if every phrase that waits were scored at `now`; None where the task has no clock.

    That is deadline_at plus the current waiting of pending phrases, each at most MAX_WAITING_FOR_ONE, the sum of all
    credit at most MAX_WAITING. Raises AssignmentNotActive for an assignment that never started.

    phrases: all of the assignment, where they were read already.
    """
    if assignment.started_at is None:
        raise AssignmentNotActive
    if assignment.deadline_at is None or assignment.first_deadline_at is None:
        return None
    if phrases is None:
        phrases = assignment.phrases.filter(state=PhraseState.PENDING).order_by()
    pending = (phrase.submitted_at for phrase in phrases if phrase.state == PhraseState.PENDING)
    waiting = sum((_credit(submitted_at, now) for submitted_at in pending), start=dt.timedelta(0))
    return min(assignment.deadline_at + waiting, assignment.first_deadline_at + MAX_WAITING)


def is_over(
    assignment: Assignment,
    now: dt.datetime,
    grace: dt.timedelta = dt.timedelta(0),
    phrases: Iterable[Phrase] | None = None,
) -> bool:
    """Say whether the time of a started assignment is over, `grace` included; without a clock it never is."""
    deadline = effective_deadline(assignment, now, phrases)
    return deadline is not None and now > deadline + grace


def refuse_unless_running(assignment: Assignment, now: dt.datetime, phrases: Iterable[Phrase] | None = None) -> None:
    """Refuse what comes before the start or after the end; the caller has locked the assignment.

    phrases: all of the assignment, where they were read already.
    Raises StudyNotOpen in a closed study, TimeIsOver (after SLACK), AssignmentNotActive.
    """
    is_closed = assignment.session.study.state == StudyState.CLOSED  # as it was read, maybe before the lock
    if is_closed or assignment.end_reason == EndReason.STUDY_CLOSED:
        raise StudyNotOpen(StudyState.CLOSED)
    if assignment.end_reason == EndReason.TIME_OVER:
        raise TimeIsOver
    if assignment.state != AssignmentState.ACTIVE:
        raise AssignmentNotActive
    if is_over(assignment, now, SLACK, phrases):
        raise TimeIsOver


def credit_waiting(waited: Iterable[tuple[Assignment, Phrase]], now: dt.datetime) -> None:
    """Move active assignments' deadlines by the time that phrases waited; the caller has locked the assignments."""
    moved = {}
    for assignment, phrase in waited:
        if assignment.state == AssignmentState.ACTIVE and assignment.deadline_at is not None:
            assert assignment.first_deadline_at is not None, "both deadlines are there, or none"
            latest = assignment.first_deadline_at + MAX_WAITING
            assignment.deadline_at = min(assignment.deadline_at + _credit(phrase.submitted_at, now), latest)
            moved[assignment.pk] = assignment
    Assignment.objects.bulk_update(moved.values(), ["deadline_at"])


def lock(assignment: Assignment) -> Assignment:
    """Return the assignment's row as it is now, locked to the end of the transaction."""
    return _locked(Assignment.objects.filter(pk=assignment.pk)).get()


def lock_row(assignment: Assignment) -> Assignment:
    """Return the row as it is now, locked as by `lock`, with the task and the session that the object has loaded."""
    locked = Assignment.objects.select_for_update(no_key=True).get(pk=assignment.pk)
    locked.task, locked.session = assignment.task, assignment.session
    return locked


def lock_all(ids: Iterable[int]) -> dict[int, Assignment]:
    """Lock several assignments, in one order whoever asks, so that two workers never wait for each other."""
    rows = Assignment.objects.filter(pk__in=ids).select_related("session__study", "session__participant")
    locked = rows.select_for_update(of=("self",), no_key=True).order_by("pk")
    return {assignment.pk: assignment for assignment in locked}


def _locked(assignments: QuerySet[Assignment], *, skip_locked: bool = False) -> QuerySet[Assignment]:
    # A "no key" lock lets rows that point to the assignment be inserted meanwhile.
    related = assignments.select_related("task__base_model", "session__study", "session__participant")
    return related.select_for_update(of=("self",), no_key=True, skip_locked=skip_locked)


def _credit(submitted_at: dt.datetime, now: dt.datetime) -> dt.timedelta:
    return min(max(now - submitted_at, dt.timedelta(0)), MAX_WAITING_FOR_ONE)


def _refuse_out_of_order(assignment: Assignment) -> None:
    session = assignment.session
    if session.study.state == StudyState.CLOSED:
        raise StudyNotOpen(session.study.state)
    earlier = session.assignments.filter(position__lt=assignment.position).exclude(state=AssignmentState.ENDED)
    if session.stage != Stage.TASKS or (not session.is_expert and earlier.exists()):
        raise StageMismatch


def _allowed_reason(assignment: Assignment, reason: EndReason, now: dt.datetime) -> EndReason:
    if reason in {EndReason.STUDY_CLOSED, EndReason.WITHDRAWN}:
        return reason
    if assignment.state != AssignmentState.ACTIVE:
        raise AssignmentNotActive
    if is_over(assignment, now):
        return EndReason.TIME_OVER
    if reason == EndReason.TIME_OVER:
        raise TimeIsNotOver
    if reason == EndReason.SKIPPED:
        if not assignment.session.is_expert:
            raise StageMismatch
        if not assignment.note:
            raise SkippedWithoutReason
        return reason
    if assignment.phrases.count() < assignment.task.min_phrases:
        raise TooFewPhrases(assignment.task.min_phrases)
    return reason


def _end_if_overdue(pk: int, now: dt.datetime, grace: dt.timedelta) -> bool:
    with transaction.atomic():
        active = Assignment.objects.filter(pk=pk, state=AssignmentState.ACTIVE)
        assignment = _locked(active, skip_locked=True).first()
        if assignment is None or not is_over(assignment, now, grace):
            return False
        _end(assignment, EndReason.TIME_OVER, now)
    return True


def _end(assignment: Assignment, reason: EndReason, now: dt.datetime) -> None:
    change(assignment, state=AssignmentState.ENDED, ended_at=now, end_reason=reason)
    _record(event_kinds.ASSIGNMENT_ENDED, assignment)
    runs.plan_runs(assignment)


def _record(kind: str, assignment: Assignment) -> None:
    events.record(kind, assignment.session, assignment, assignment=assignment.public_id)
