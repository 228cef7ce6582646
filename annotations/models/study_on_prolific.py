"""Prolific's side of a study: where it stands there."""

from django.db import models

from annotations.models.study import Study


class StudyOnProlific(models.Model):
    """What Prolific said last of a study; no row where it was never asked, and told nothing."""

    study = models.OneToOneField(Study, on_delete=models.CASCADE, related_name="on_prolific")
    outside_id = models.CharField(max_length=64, help_text="Prolific's study id that this was said of")
    status = models.CharField(max_length=40, help_text="Prolific's word")
    told_at = models.DateTimeField(help_text="when it was so, by Prolific's clock")
    noted_at = models.DateTimeField(help_text="when it was heard here last, by our clock")

    class Meta:
        verbose_name_plural = "studies on Prolific"

    def __str__(self) -> str:
        return f"{self.study} is {self.status} on Prolific"
