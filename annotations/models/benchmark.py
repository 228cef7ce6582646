"""What other methods reach on a base model's data set: the baselines that a study's results stand beside."""

from django.db import models
from django.db.models import Q

from annotations.models.base_model import BaseModel
from annotations.models.jobs import UNFINISHED, Job


class Benchmark(Job):
    """One measurement of the methods in `methods`, one after the other. A finished one never changes.

    `rows` has one JSON object a method, in their order: method, name, given (what it knows), over (what mean and sd are
    over), n, worst_group, worst_group_sd, average, average_sd, gap, plain_average (shares on test), left_out, the
    reason where it has no figures, and from version 0.12 on worst_group_low and worst_group_high (95% for other test
    images) and predictions: for each classifier its name, the predictions for the test images as the Base64 of
    compressed little-endian int32, and their SHA-256.
    """

    base_model = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="benchmarks")
    methods = models.JSONField(help_text="keys of the methods to measure, in order")
    rows = models.JSONField(default=list)
    settings = models.JSONField(default=dict, help_text="λ, seeds, prompts, procedures, versions: to compute it again")
    code_version = models.CharField(max_length=40, blank=True)

    class Meta(Job.Meta):
        ordering = ["-id"]
        constraints = [
            *Job.Meta.constraints,
            models.UniqueConstraint(
                fields=["base_model"], condition=Q(state__in=UNFINISHED), name="benchmark_once_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"benchmark of {self.base_model}"
