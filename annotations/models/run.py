"""A run: one retraining of the last layer from one annotation (class, phrase, similarity threshold)."""

import uuid

from django.db import models
from django.db.models import Q

from annotations.base.data_store.stored_files import StoredFileField
from annotations.models.arrays import unpack_float32
from annotations.models.assignment import Assignment
from annotations.models.base_model import STRENGTH, BaseModel
from annotations.models.constraints import once, rule
from annotations.models.control import Control, RandomSlices, rows_field
from annotations.models.scheme import SCHEME_TITLE, Scheme
from clarify_errors.arrays.phrases.phrase_text import MAX_PHRASE_LENGTH
from clarify_errors.arrays.retraining.annotation import Annotation
from clarify_errors.arrays.retraining.control import own_gain
from clarify_errors.arrays.retraining.random_slices import percentile_among


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
