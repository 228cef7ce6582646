"""A run: one retraining of the last layer from one annotation (class, phrase, similarity threshold).

Beside it what retraining does without a phrase: as a run does it (a control), and with random slices of one size.
"""

import uuid

import numpy as np
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from numpy.typing import NDArray

from annotations.base.data_store.stored_files import StoredFileField
from annotations.models.arrays import unpack_float32
from annotations.models.assignment import Assignment
from annotations.models.constraints import once, rule
from annotations.models.dataset import STRENGTH, BaseModel, Dataset
from annotations.models.scheme import SCHEME_TITLE, Scheme
from clarify_errors.arrays.phrases.phrase_text import MAX_PHRASE_LENGTH
from clarify_errors.arrays.retraining.annotation import Annotation
from clarify_errors.arrays.retraining.control import own_gain
from clarify_errors.arrays.retraining.random_slices import percentile_among
from clarify_errors.arrays.retraining.slices import DEFAULT_SCHEME

_TRAINED_BY = "scheme", "l2", "base_model", "trained_rows"  # what training without a phrase differs by


def rows_field() -> "ArrayField[list[int] | None, list[int] | None]":
    """Return the column that says which rows of a head were trained, the others being the base model's."""
    return ArrayField(models.PositiveIntegerField(), null=True, blank=True, help_text="classes whose rows are trained")


class Control(models.Model):
    """One per data set, set of annotated classes, scheme, λ and trained rows: what of a run's gain needs no phrase.

    base_model: whose other rows stay; null where all rows are trained.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="controls")
    target_classes = ArrayField(models.PositiveIntegerField(), help_text="the annotated classes, sorted")
    scheme = models.CharField(max_length=12, default=DEFAULT_SCHEME)
    l2 = models.FloatField("λ")
    base_model = models.ForeignKey(BaseModel, null=True, on_delete=models.PROTECT, related_name="controls")
    trained_rows = rows_field()
    worst_group_accuracy = models.FloatField(help_text="on test, 0 to 1")
    average_accuracy = models.FloatField(help_text="on test, groups weighted by their train counts")
    plain_average_accuracy = models.FloatField(help_text="on test, images weighted equally")
    robustness_gap = models.FloatField(help_text="average accuracy less worst-group accuracy")
    group_accuracies = models.JSONField(help_text="test accuracy by group, null for an empty group")
    test_predictions = StoredFileField(help_text="int32 per test image, in the manifest's row order")
    head = StoredFileField(help_text="safetensors: weight, bias, feature mean and deviation")
    loss = models.FloatField()
    certified_gap = models.FloatField(help_text="bound on the loss above the optimum")
    code_version = models.CharField(max_length=40)
    versions = models.JSONField(default=dict, help_text="library versions of the worker that trained it")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["dataset", "target_classes"]
        constraints = [
            once("control_once", "dataset", "target_classes", *_TRAINED_BY, nulls_distinct=False),
            rule("control_accuracies_are_shares", worst_group_accuracy__range=(0, 1), average_accuracy__range=(0, 1)),
        ]


class RandomSlices(models.Model):
    """The null of own gains: one set of draws per data set, class, size, scheme, λ and trained rows."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="random_slices")
    target_class = models.PositiveIntegerField()
    n_above = models.PositiveIntegerField(help_text="train images of the class above each cut, on a grid of 1.25")
    scheme = models.CharField(max_length=12, default=DEFAULT_SCHEME)
    l2 = models.FloatField("λ")
    base_model = models.ForeignKey(BaseModel, null=True, on_delete=models.PROTECT, related_name="random_slices")
    trained_rows = rows_field()
    seed = models.BigIntegerField(help_text="of the directions; made of the data set's digest, class and size")
    worst_groups = models.JSONField(help_text="worst-group accuracy on test of each draw")
    code_version = models.CharField(max_length=40)
    versions = models.JSONField(default=dict, help_text="library versions of the worker that trained them")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["dataset", "target_class", "n_above"]
        constraints = [
            once("random_slices_once", "dataset", "target_class", "n_above", *_TRAINED_BY, nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return f"{len(self.worst_groups)} random slices of {self.dataset.class_names[self.target_class]}"

    def telling_draws(self, control: Control, base_model: BaseModel) -> NDArray[np.float64] | None:
        """What each draw reaches on test, float64[m]; None where they are all but equal, so that a place says nothing.

        They are where their standard deviation is below one image of the test group that is worst without a phrase.
        """
        draws = np.array(self.worst_groups, np.float64)
        # An empty group has no accuracy, and is never the worst.
        accuracies = [np.inf if share is None else share for share in control.group_accuracies]
        one_image = 1 / base_model.test_metrics["counts"][int(np.argmin(accuracies))]
        return None if draws.std() < one_image else draws


class RandomSliceScores(models.Model):
    """What random slices score on the validation images of a base model, which the best of several are chosen by.

    A table of its own, because base models of a data set share random slices and differ in their errors.
    """

    random_slices = models.ForeignKey(RandomSlices, on_delete=models.CASCADE, related_name="scores")
    base_model = models.ForeignKey(BaseModel, on_delete=models.CASCADE, related_name="random_slice_scores")
    values = models.JSONField(help_text="error score of each draw's direction on the class's validation images")
    code_version = models.CharField(max_length=40)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["random_slices", "base_model"]
        constraints = [once("random_slices_scored_once", "random_slices", "base_model")]


class RunState(models.TextChoices):
    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class Run(models.Model):
    """One per distinct annotation of an assignment. A refused run says why; a done one keeps its head."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="runs")
    base_model = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="runs")
    control = models.ForeignKey(
        Control, null=True, on_delete=models.PROTECT, related_name="runs", help_text="the same without a phrase"
    )
    random_slices = models.ForeignKey(
        RandomSlices, null=True, on_delete=models.PROTECT, related_name="runs", help_text="of its class and size"
    )
    annotation_digest = models.CharField(
        max_length=64, help_text="SHA-256 of class, text embedding, threshold, scheme and sign"
    )
    target_class = models.PositiveIntegerField()
    phrase_text = models.CharField("phrase", max_length=MAX_PHRASE_LENGTH)
    threshold = models.FloatField(null=True, help_text="similarity threshold; null where the error score is 0")
    is_chosen = models.BooleanField(
        "chosen threshold",
        default=False,
        help_text="a person chose the threshold; primary analyses use the automatic one",
    )
    sign = models.SmallIntegerField(default=1, help_text="of the similarity: -1 for a negation, otherwise 1")
    scheme = models.CharField(SCHEME_TITLE, max_length=12, choices=Scheme, default=Scheme.CLASS_EQUAL)
    l2 = models.FloatField(STRENGTH)
    trained_rows = rows_field()
    min_slice_size = models.PositiveIntegerField("fewest images on either side")
    state = models.CharField(max_length=8, choices=RunState, default=RunState.PENDING)
    reason = models.TextField(blank=True, help_text="why it was refused or failed")
    attempts = models.PositiveIntegerField("times that a worker took it up", default=0)
    leased_until = models.DateTimeField(null=True, blank=True, help_text="a worker trains it, and says so until then")
    n_above = models.PositiveIntegerField("training images that it selects", null=True)
    n_below = models.PositiveIntegerField("training images of the class that it does not select", null=True)
    worst_group_accuracy = models.FloatField(null=True, help_text="on test, 0 to 1")
    average_accuracy = models.FloatField(null=True, help_text="on test, groups weighted by their train counts")
    plain_average_accuracy = models.FloatField(null=True, help_text="on test, images weighted equally")
    robustness_gap = models.FloatField(null=True, help_text="average accuracy less worst-group accuracy")
    group_accuracies = models.JSONField(null=True, help_text="test accuracy by group, null for an empty group")
    own_gain_low = models.FloatField(null=True, help_text="lower end of own gain's 95% interval, for other test images")
    own_gain_high = models.FloatField(null=True, help_text="its upper end")
    effect = models.JSONField(
        null=True, help_text="on test images that its words select: counts, some images, and which group lost most"
    )
    test_predictions = StoredFileField(null=True, help_text="int32 per test image, in the manifest's row order")
    head = StoredFileField(null=True, help_text="safetensors: weight, bias, feature mean and deviation")
    loss = models.FloatField(null=True)
    certified_gap = models.FloatField("loss above the least one, at most", null=True)
    code_version = models.CharField("version of Clarify", max_length=40, blank=True)
    versions = models.JSONField(default=dict, help_text="library versions of the worker that trained it")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["assignment", "id"]
        constraints = [
            once("run_once", "assignment", "annotation_digest"),
            rule("run_state_known", state__in=RunState.values),
            rule("run_sign_known", sign__in=[1, -1]),
            rule("run_done_has_threshold", ~Q(state=RunState.DONE) | Q(threshold__isnull=False)),
            rule("run_chosen_has_threshold", Q(is_chosen=False) | Q(threshold__isnull=False)),
            rule(
                "run_done_is_complete",
                ~Q(state=RunState.DONE)
                | Q(
                    head__isnull=False,
                    test_predictions__isnull=False,
                    worst_group_accuracy__isnull=False,  # a range check alone lets null pass
                    average_accuracy__isnull=False,
                    worst_group_accuracy__range=(0, 1),
                    average_accuracy__range=(0, 1),
                    finished_at__isnull=False,
                ),
            ),
            rule("run_refused_says_why", ~Q(state__in=[RunState.REFUSED, RunState.FAILED]) | ~Q(reason="")),
        ]
        indexes = [
            models.Index(fields=["created_at"], name="run_due", condition=Q(state=RunState.PENDING)),
            models.Index(
                fields=["assignment"],
                name="run_done",
                include=["id", "annotation_digest", "base_model"],
                condition=Q(state=RunState.DONE),
            ),
            models.Index(
                fields=["base_model"],
                name="run_without_random_slices",
                condition=Q(state=RunState.DONE, random_slices__isnull=True),
            ),
            models.Index(
                fields=["base_model"],
                name="run_unmeasured",
                condition=Q(state=RunState.DONE, control__isnull=False, effect__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"retraining with “{self.phrase_text}”"

    @property
    def own_gain(self) -> float | None:
        """What the phrase itself adds to worst-group accuracy on test; None until both heads are trained."""
        if self.control is None or self.worst_group_accuracy is None:
            return None
        return own_gain(self.worst_group_accuracy, self.control.worst_group_accuracy)

    @property
    def own_gain_interval(self) -> tuple[float, float] | None:
        """Where own gain lies for other test images, in 95 of 100 cases; None until a worker has measured it."""
        if self.own_gain_low is None or self.own_gain_high is None:
            return None
        return self.own_gain_low, self.own_gain_high

    @property
    def random_slice_percentile(self) -> float | None:
        """How many of 100 random slices reach less on test; None without them, or where they are all but equal."""
        if self.random_slices is None or self.control is None or self.worst_group_accuracy is None:
            return None
        draws = self.random_slices.telling_draws(self.control, self.base_model)
        return None if draws is None else percentile_among(self.worst_group_accuracy, draws)

    @property
    def annotation(self) -> Annotation | None:
        """What it retrains with; None without a threshold, or if no score with its text embedding is left."""
        if self.threshold is None:
            return None
        belongs = Q(run=self) | Q(phrase__threshold_choice__run=self)  # by the automatic threshold, or a chosen one
        score = self.scores.model.objects.filter(belongs).order_by("pk").only("text_embedding").first()
        if score is None:
            return None
        return Annotation(self.target_class, unpack_float32(score.text_embedding), self.sign, self.threshold)
