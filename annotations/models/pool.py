"""Pools of unlabelled images, what a study gathers from them, what reviewers say of it, and what it is worth."""

from django.core.validators import MaxValueValidator, MinValueValidator, validate_slug
from django.db import models
from django.db.models import Q

from annotations.models.constraints import once, rule
from annotations.models.dataset import BaseModel, Dataset
from annotations.models.jobs import Job, JobState
from annotations.models.participant import OfVisits
from annotations.models.phrase import AnnotationPart, Score
from annotations.models.study import Study
from clarify_errors.arrays.embeddings.duplicate_limits import COPIES_ABOVE


class Pool(Job):
    """Unlabelled images: a data set of one class, whose thumbnails are made when they are shown.

    The originals stay where they are, in `folder`; of tar shards, what was unpacked of them is kept under DATA_ROOT.
    """

    name = models.CharField(max_length=60, validators=[validate_slug])
    folder = models.CharField(max_length=1000, help_text="absolute, on the machine of the embedding worker")
    encoder = models.CharField(max_length=255)
    dataset = models.OneToOneField(Dataset, null=True, blank=True, on_delete=models.PROTECT, related_name="pool")
    removals = models.JSONField(default=list, help_text="images taken out, each time: why, by whom, when, rows")

    class Meta(Job.Meta):
        verbose_name = "pool of images"
        verbose_name_plural = "pools of images"
        constraints = [
            *Job.Meta.constraints,
            rule("pool_done_has_images", ~Q(state=JobState.DONE) | Q(dataset__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"pool {self.name}"

    @property
    def removed(self) -> frozenset[int]:
        """Rows of the images that were taken out: they stay in the arrays, and nobody finds or sees them."""
        return frozenset(row for each in self.removals for row in each["rows"])


class ClassBy(models.TextChoices):
    """By what a pool image is taken for one of the class."""

    ZERO_SHOT = "zero_shot", "the encoder, by the class names"
    BASE_MODEL = "base_model", "the base model"
    NONE = "none", "nothing: images of any class"


class GatheringQuerySet(OfVisits["Gathering"]):
    visit = "parts__score__phrase__assignment__session__"  # whose words images are gathered for


class Gathering(Job):
    """Candidates from a pool for the annotations of some classes, and how they are reviewed.

    `items` are in the order of the review: each has `row`, `arm` (candidate, random or known; of a slice check above or
    below) and `label`; `report` says how many pool images were left out and why, with pairs of near-duplicates.
    Without a pool it is a check whether a slice means its phrase, and `items` are rows of the base model's data set.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="gatherings")
    base_model = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="gatherings")
    pool = models.ForeignKey(Pool, null=True, blank=True, on_delete=models.PROTECT, related_name="gatherings")
    class_by = models.CharField(
        "images are taken for the class by", max_length=10, choices=ClassBy, default=ClassBy.ZERO_SHOT
    )
    class_threshold = models.FloatField("least probability of the class", default=0.5)
    duplicate_threshold = models.FloatField(
        "near-duplicates are more similar than",
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(COPIES_ABOVE)],
        help_text=f"Cosine similarity, at most {COPIES_ABOVE}. Empty: it follows from the data set's own images.",
    )
    n_candidates = models.PositiveIntegerField("candidates", default=100)
    n_random = models.PositiveIntegerField("pool images at random, to compare with", default=100)
    n_known = models.PositiveIntegerField("hidden images whose label is known", default=20)
    minutes = models.PositiveIntegerField(
        "minutes of review", default=60, help_text="of review, all reviewers together"
    )
    licences = models.JSONField(default=list, help_text="those that are allowed; none: any that is known")
    allow_unknown_licence = models.BooleanField("also images whose licence is not known", default=False)
    allow_unsafe = models.BooleanField("also images that are marked as unsafe", default=False)
    pseudo_labels = models.BooleanField("pseudo-labels: add candidates at which nobody looked", default=False)
    seed = models.BigIntegerField(default=0)
    report = models.JSONField(default=dict)
    items = models.JSONField(default=list)

    objects = GatheringQuerySet.as_manager()

    class Meta(Job.Meta):
        constraints = [
            *Job.Meta.constraints,
            rule("gathering_class_by_known", class_by__in=ClassBy.values),
            rule("gathering_thresholds_in_range", class_threshold__range=(0, 1), duplicate_threshold__range=(0, 1)),
            rule(
                "gathering_done_has_limit",
                ~Q(state=JobState.DONE) | Q(pool=None) | Q(duplicate_threshold__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"gathering {self.pk}" if self.pool_id else f"check {self.pk} of what a phrase selects"

    @property
    def gone(self) -> frozenset[int]:
        """Places of items whose images were taken out of the pool since."""
        removed = self.pool.removed if self.pool else frozenset()
        places = enumerate(self.items) if removed else ()
        return frozenset(place for place, item in places if item["arm"] != "known" and item["row"] in removed)


class GatheringPart(AnnotationPart):
    """One class's annotation: a scored phrase and its threshold. It goes with the phrase where its author withdraws."""

    gathering = models.ForeignKey(Gathering, on_delete=models.CASCADE, related_name="parts")
    score = models.ForeignKey(Score, on_delete=models.CASCADE, related_name="gathering_parts")

    class Meta:
        ordering = ["gathering", "target_class"]
        constraints = [once("gathering_one_annotation_a_class", "gathering", "target_class")]


class Verdict(models.TextChoices):
    KEEP = "keep"
    DROP = "drop"
    UNSURE = "unsure"


class ImageReview(models.Model):
    """What one reviewer says of one item of a gathering."""

    gathering = models.ForeignKey(Gathering, on_delete=models.CASCADE, related_name="reviews")
    place = models.PositiveIntegerField(help_text="of the item")
    reviewer = models.CharField(max_length=150)
    verdict = models.CharField(max_length=6, choices=Verdict)
    label = models.PositiveIntegerField(null=True, help_text="class with which the image is kept")
    seconds = models.FloatField(help_text="since the reviewer's last verdict, at most a minute")
    reviewed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["gathering", "id"]
        constraints = [
            once("image_review_once", "gathering", "place", "reviewer"),
            rule(
                "image_review_kept_has_label",
                Q(verdict=Verdict.KEEP, label__isnull=False)
                | Q(verdict__in=[Verdict.DROP, Verdict.UNSURE], label__isnull=True),
            ),
        ]


BASE = "base"
# Rows of a table for gathered images with equal class weights, and with reweighting. Images alone bring neither's gain.
GATHERED_CONTROL, BOTH = "control with gathered data", "both"


class GatheredTraining(Job):
    """The data set that the kept images make with the parent's, and what it does: `table` has a row for each model."""

    gathering = models.ForeignKey(Gathering, on_delete=models.PROTECT, related_name="trainings")
    dataset = models.ForeignKey(Dataset, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    kept = models.JSONField(default=dict, help_text="of each arm: [pool row, label, number of reviewers]")
    minutes = models.JSONField(default=dict, help_text="of review, by arm")
    table = models.JSONField(default=list)
    code_version = models.CharField(max_length=40, blank=True)
    versions = models.JSONField(default=dict)

    class Meta(Job.Meta):
        constraints = [
            *Job.Meta.constraints,
            rule("gatheredtraining_done_has_data", ~Q(state=JobState.DONE) | Q(dataset__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"training {self.pk} of {self.gathering}"

    @property
    def study(self) -> Study:
        return self.gathering.study
