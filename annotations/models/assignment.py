"""An assignment: one session's work on one task, with a deadline that only the server moves."""

import datetime as dt
import uuid

from django.db import models
from django.db.models import F, Q

from annotations.models.allocation import AllocationState
from annotations.models.constraints import once, rule
from annotations.models.participant import LASTING, AnnotationSession
from annotations.models.task import Task

MAX_WAITING = dt.timedelta(minutes=5)  # credit for waiting that one assignment can collect


class AssignmentState(models.TextChoices):
    WAITING = "waiting"
    ACTIVE = "active"
    ENDED = "ended"


class EndReason(models.TextChoices):
    DONE = "done"
    TIME_OVER = "time_over"
    STUDY_CLOSED = "study_closed"
    WITHDRAWN = "withdrawn"
    SKIPPED = "skipped"


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def at_work(self) -> "AssignmentQuerySet":
        """Those whose person may still say something: not ended, in a visit that lasts and holds its place."""
        lasts = self.exclude(state=AssignmentState.ENDED).filter(session__stage__in=LASTING)
        return lasts.filter(Q(session__allocation__isnull=True) | Q(session__allocation__state=AllocationState.LIVE))


class Assignment(models.Model):
    """first_deadline_at is what the clock said at the start; deadline_at is moved by the time that scoring took."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    session = models.ForeignKey(AnnotationSession, on_delete=models.PROTECT, related_name="assignments")
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="assignments")
    position = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=AssignmentState, default=AssignmentState.WAITING)
    started_at = models.DateTimeField(null=True, blank=True)
    first_deadline_at = models.DateTimeField(null=True, blank=True)
    deadline_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=12, choices=EndReason, blank=True)
    keywords_seen_at = models.DateTimeField(
        null=True, blank=True, help_text="since when a machine's keywords have stood on its page"
    )
    note = models.TextField(blank=True, help_text="an expert's; of a class that was skipped, why")

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        ordering = ["session", "position"]
        constraints = [
            once("assignment_once", "session", "task"),
            once("assignment_position_once", "session", "position"),
            rule(
                "assignment_times_fit_state",
                Q(state=AssignmentState.WAITING, started_at__isnull=True, ended_at__isnull=True, end_reason="")
                | Q(state=AssignmentState.ACTIVE, started_at__isnull=False, ended_at__isnull=True, end_reason="")
                | Q(state=AssignmentState.ENDED, ended_at__isnull=False, end_reason__in=EndReason.values),
            ),
            rule("assignment_skipped_says_why", ~Q(end_reason=EndReason.SKIPPED) | ~Q(note="")),
            rule(  # an expert's task has no clock: it starts without a deadline
                "assignment_deadlines_in_order",
                Q(first_deadline_at__isnull=True, deadline_at__isnull=True)
                | Q(
                    started_at__isnull=False,
                    first_deadline_at__isnull=False,
                    deadline_at__isnull=False,
                    first_deadline_at__gt=F("started_at"),
                    deadline_at__gte=F("first_deadline_at"),
                    deadline_at__lte=F("first_deadline_at") + MAX_WAITING,
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["deadline_at"], name="assignment_due", condition=Q(state=AssignmentState.ACTIVE))
        ]

    def __str__(self) -> str:
        return f"{self.session} assignment {self.position}"
