"""A similarity threshold that a person chose for a phrase, beside the automatic one of its score."""

from django.db import models
from django.db.models import Q

from annotations.models.phrase import Phrase
from annotations.models.run import Run


class ThresholdChoice(models.Model):
    """The latest choice for a phrase; each one is a Reply. It gets a run of its own, marked as chosen."""

    phrase = models.OneToOneField(Phrase, on_delete=models.PROTECT, related_name="threshold_choice")
    threshold = models.FloatField(null=True, help_text="exact float32; null: put back to the automatic one")
    chosen_at = models.DateTimeField(help_text="when the person chose, by the server's clock")
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="threshold_choices")

    class Meta:
        ordering = ["phrase"]
        constraints = [
            models.CheckConstraint(
                condition=Q(threshold__isnull=True) | Q(threshold__range=(-2, 2)),  # NaN is greater than any number
                name="threshold_choice_is_a_similarity",
            ),
            models.CheckConstraint(
                condition=Q(threshold__isnull=False) | Q(run__isnull=True), name="threshold_choice_run_needs_threshold"
            ),
        ]

    def __str__(self) -> str:
        return "automatic" if self.threshold is None else f"{self.threshold:.4f}"
