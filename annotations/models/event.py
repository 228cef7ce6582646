"""The event log: what happened, in order. Append-only: a database trigger refuses to change or delete a row.

Only what a preview or a simulated visit left can be deleted, with the visit.
"""

from django.db import models

from annotations.models.participant import AnnotationSession
from annotations.models.study import Study


class Event(models.Model):
    """One thing that happened in a study, written in the transaction of its effect."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="events")
    session = models.ForeignKey(
        AnnotationSession, null=True, blank=True, on_delete=models.PROTECT, related_name="events"
    )
    kind = models.CharField(max_length=40)
    payload = models.JSONField(default=dict, help_text="never an outside id, an address or a name")
    sealed = models.BinaryField(
        null=True, help_text="personal text, as JSON under the person's IdentityKey: unreadable once that is destroyed"
    )
    occurred_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["study", "kind"], name="event_by_kind")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.occurred_at:%Y-%m-%d %H:%M:%S}"
