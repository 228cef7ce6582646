"""A person's replies to a scored phrase, each as it came."""

from django.db import models
from django.db.models import F, Q

from annotations.models.phrase import Phrase


class ReplyKind(models.TextChoices):
    THRESHOLD = "threshold"
    JUDGEMENT = "judgement"


class Reply(models.Model):
    """One act of a person, stored once however often it is sent (docs/decisions/0014). A trigger refuses any change.

    What counts of them stands in ThresholdChoice and Judgement: the last one that took effect. One that came late,
    after a newer one from elsewhere, is here and took none.
    """

    phrase = models.ForeignKey(Phrase, on_delete=models.PROTECT, related_name="replies")
    kind = models.CharField(max_length=9, choices=ReplyKind)
    client_uuid = models.UUIDField(help_text="made where the person acted, and sent along each time")
    said = models.CharField(max_length=32, help_text="the answer, or the exact threshold; best: the automatic one")
    made_at = models.DateTimeField(help_text="when the person acted, by the server's clock")
    received_at = models.DateTimeField()
    took_effect = models.BooleanField(help_text="it came before every newer one")

    class Meta:
        verbose_name_plural = "replies"
        ordering = ["phrase", "id"]
        constraints = [
            models.UniqueConstraint(fields=["phrase", "kind", "client_uuid"], name="reply_once"),
            models.CheckConstraint(condition=Q(kind__in=ReplyKind.values), name="reply_kind_known"),
            models.CheckConstraint(condition=~Q(said=""), name="reply_says_something"),
            models.CheckConstraint(condition=Q(made_at__lte=F("received_at")), name="reply_made_before_received"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.said}"
