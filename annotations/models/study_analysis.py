"""A study's statistics as a worker has computed them: what the pages of results read."""

from django.db import models
from django.db.models import Q

from annotations.models.jobs import UNFINISHED, Job, JobState
from annotations.models.study import Study


class StudyAnalysis(Job):
    """One analysis of a study. The newest finished one is shown; none is kept for longer than that.

    `study_state` is what `state_of` the study said before its rows were read. `content` is msgpack, as
    `analysis.results.study_results` writes and reads it; another version of the code does not read it. `figures` are
    apart, since the API's tables need none: `analysis.figures.drawn_figures` writes and reads them.
    """

    ARRAYS = ("content", "figures")

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="analyses")
    study_state = models.CharField(max_length=24, help_text="of the study, when its rows were read")
    content = models.BinaryField(null=True)
    figures = models.BinaryField(null=True)
    code_version = models.CharField(max_length=40, blank=True)

    class Meta(Job.Meta):
        ordering = ["-id"]
        verbose_name_plural = "study analyses"
        constraints = [
            *Job.Meta.constraints,
            models.UniqueConstraint(fields=["study"], condition=Q(state__in=UNFINISHED), name="analysis_one_at_a_time"),
            models.CheckConstraint(
                condition=~Q(state=JobState.DONE) | Q(content__isnull=False), name="analysis_done_has_content"
            ),
        ]

    def __str__(self) -> str:
        return f"analysis of {self.study}"
