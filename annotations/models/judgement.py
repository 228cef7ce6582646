"""What a person says of the images that are most like a phrase: whether they have in them what it says."""

from django.db import models
from django.db.models import Q

from annotations.models.phrase import Phrase


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
        constraints = [
            models.CheckConstraint(condition=Q(answer__in=JudgementAnswer.values), name="judgement_answer_known")
        ]

    def __str__(self) -> str:
        return self.answer
