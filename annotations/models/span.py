"""A span of time in a visit, as the browser saw it. Append-only: a database trigger refuses to change or delete one."""

from django.db import models
from django.db.models import F, Q

from annotations.models.assignment import Assignment
from annotations.models.constraints import iff, once, rule
from annotations.models.participant import AnnotationSession

IMAGE_KEY_LENGTH = 24


class SpanKind(models.TextChoices):
    """VISIBLE, IDLE and HIDDEN follow each other without a gap; the others lie over them.

    IDLE: in view, and no key, pointer or finger for half a minute before it began. HIDDEN: another tab or window, a
    locked phone, a closed lid. OFFLINE: without a network. WAITING: for a score. ENLARGED: an image was, by itself.
    """

    VISIBLE = "visible"
    IDLE = "idle"
    HIDDEN = "hidden"
    OFFLINE = "offline"
    WAITING = "waiting"
    ENLARGED = "enlarged"


class Span(models.Model):
    """Raw: nothing is merged or left out, and active time is for the analysis to derive.

    Times are the server's: how long ago the browser said that it was, before `received_at`.
    """

    session = models.ForeignKey(AnnotationSession, on_delete=models.PROTECT, related_name="spans")
    assignment = models.ForeignKey(
        Assignment, null=True, blank=True, on_delete=models.PROTECT, related_name="spans", help_text="on its pages"
    )
    client_uuid = models.UUIDField(help_text="made by the browser: a span that is sent twice is stored once")
    opening = models.UUIDField(help_text="the opening of a page that it belongs to: tells tabs and reloads apart")
    kind = models.CharField(max_length=8, choices=SpanKind)
    image_key = models.CharField(max_length=IMAGE_KEY_LENGTH, blank=True, help_text="the image that was enlarged")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["session", "began_at", "id"]
        constraints = [
            once("span_once", "session", "client_uuid"),
            rule("span_kind_known", kind__in=SpanKind.values),
            rule("span_times_in_order", began_at__lte=F("ended_at"), ended_at__lte=F("received_at")),
            rule("span_has_image_where_enlarged", iff(Q(kind=SpanKind.ENLARGED), ~Q(image_key=""))),
        ]
