"""A pooled correction: one retraining of a whole base model with one annotation a class."""

import uuid

from django.db import models
from django.db.models import Q

from annotations.base.data_store.stored_files import StoredFileField
from annotations.models.constraints import once, rule
from annotations.models.dataset import BaseModel
from annotations.models.jobs import Job, JobState
from annotations.models.participant import OfVisits
from annotations.models.phrase import AnnotationPart, Score
from annotations.models.scheme import Scheme
from annotations.models.study import Study


class Review(models.TextChoices):
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"


class CorrectionQuerySet(OfVisits["Correction"]):
    visit = "parts__score__phrase__assignment__session__"  # whose words it is made of


class Correction(Job):
    """All annotations together, their effect on each group, and what each adds (leave one out).

    `effects` and `ablations` are JSON of accuracies on validation, on test, and on the second test set where there is
    one: of the base model, of the corrected one, and of the corrected one without one annotation.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="corrections")
    base_model = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="corrections")
    second_base_model = models.ForeignKey(
        BaseModel,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="of a second test set: a data set with the same classes and features",
    )
    scheme = models.CharField(max_length=12, choices=Scheme, default=Scheme.CLASS_EQUAL)
    effects = models.JSONField(default=dict)
    ablations = models.JSONField(default=list)
    head = StoredFileField(null=True, help_text="safetensors")
    loss = models.FloatField(null=True)
    certified_gap = models.FloatField(null=True)
    code_version = models.CharField(max_length=40, blank=True)
    versions = models.JSONField(default=dict)
    review = models.CharField(max_length=8, choices=Review, default=Review.PROPOSED)
    review_reason = models.TextField(blank=True)
    reviewed_by = models.CharField(max_length=150, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)

    objects = CorrectionQuerySet.as_manager()

    class Meta(Job.Meta):
        constraints = [
            *Job.Meta.constraints,
            rule("correction_head", ~Q(state=JobState.DONE) | Q(head__isnull=False)),
            rule("correction_review_known", review__in=Review.values),
            rule(
                "correction_reviewed_by_somebody",
                Q(review=Review.PROPOSED) | (Q(reviewed_at__isnull=False) & ~Q(reviewed_by="")),
            ),
        ]

    def __str__(self) -> str:
        return f"correction {self.pk} of {self.study}"


class CorrectionPart(AnnotationPart):
    """One class's annotation in a correction: a scored phrase and its threshold."""

    correction = models.ForeignKey(Correction, on_delete=models.CASCADE, related_name="parts")
    score = models.ForeignKey(Score, on_delete=models.PROTECT, related_name="correction_parts")
    by_hand = models.BooleanField(default=False, help_text="chosen by a person instead of by the highest error score")

    class Meta:
        ordering = ["correction", "target_class"]
        constraints = [once("correction_one_annotation_a_class", "correction", "target_class")]
