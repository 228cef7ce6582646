"""A person's replies to a scored phrase: each as it came, and what counts of them."""

from django.db import models
from django.db.models import F, Q

from annotations.models.constraints import once, rule
from annotations.models.phrase import Phrase
from annotations.models.run import Run


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
            once("reply_once", "phrase", "kind", "client_uuid"),
            rule("reply_kind_known", kind__in=ReplyKind.values),
            rule("reply_says_something", ~Q(said="")),
            rule("reply_made_before_received", made_at__lte=F("received_at")),
        ]


class JudgementAnswer(models.TextChoices):
    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


class Judgement(models.Model):
    """The latest answer for a phrase; each one is a Reply.

    It tells the two failures of a phrase apart (paper, section 4.1): YES, it was seen and does not explain the errors;
    NO, the encoder does not see what was meant.
    """

    phrase = models.OneToOneField(Phrase, on_delete=models.PROTECT, related_name="judgement")
    answer = models.CharField(max_length=6, choices=JudgementAnswer)
    answered_at = models.DateTimeField(help_text="when the person answered, by the server's clock")

    class Meta:
        ordering = ["phrase"]
        constraints = [rule("judgement_answer_known", answer__in=JudgementAnswer.values)]


class ThresholdChoice(models.Model):
    """The latest choice for a phrase; each one is a Reply. It gets a run of its own, marked as chosen."""

    phrase = models.OneToOneField(Phrase, on_delete=models.PROTECT, related_name="threshold_choice")
    threshold = models.FloatField(null=True, help_text="exact float32; null: put back to the automatic one")
    chosen_at = models.DateTimeField(help_text="when the person chose, by the server's clock")
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="threshold_choices")

    class Meta:
        ordering = ["phrase"]
        constraints = [
            # NaN is greater than any number.
            rule("threshold_choice_is_a_similarity", Q(threshold__isnull=True) | Q(threshold__range=(-2, 2))),
            rule("threshold_choice_run_needs_threshold", Q(threshold__isnull=False) | Q(run__isnull=True)),
        ]
