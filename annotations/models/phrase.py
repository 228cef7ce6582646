"""A phrase, stored before anything is computed from it, and its score."""

import numpy as np
from django.db import models
from django.db.models import F, Q
from numpy.typing import NDArray

from annotations.models.arrays import unpack_float32
from annotations.models.assignment import Assignment
from annotations.models.constraints import iff, once, rule
from annotations.models.participant import OfVisits
from annotations.models.run import Run
from clarify_errors.arrays.phrases.phrase_languages import ENGLISH
from clarify_errors.arrays.phrases.phrase_text import MAX_PHRASE_LENGTH
from clarify_errors.arrays.retraining.annotation import Annotation

PAGE_VERSION = 10  # one more for each change of what the task page shows, or of how its images are drawn


class PhraseState(models.TextChoices):
    PENDING = "pending"
    SCORED = "scored"
    FAILED = "failed"


class Moderation(models.TextChoices):
    """What a coordinator decided of a phrase; only an approved one can enter a pooled correction."""

    UNREVIEWED = ""
    APPROVED = "approved"
    FLAGGED = "flagged"
    HIDDEN = "hidden"
    EXCLUDED = "excluded"


UNCHECKED = "not checked: it stood in the field when the time was over"  # why such a phrase is excluded


class PhraseQuerySet(OfVisits["Phrase"]):
    visit = "assignment__session__"


class Phrase(models.Model):
    """What a participant submitted, as typed (NFC). client_uuid makes a double submit one row."""

    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="phrases")
    client_uuid = models.UUIDField()
    ordinal = models.PositiveIntegerField(help_text="1 for the first phrase of the assignment")
    text = models.CharField(max_length=MAX_PHRASE_LENGTH)
    state = models.CharField(max_length=8, choices=PhraseState, default=PhraseState.PENDING)
    attempts = models.PositiveIntegerField(default=0, help_text="times a worker took it up")
    last_error = models.TextField(blank=True)
    submitted_at = models.DateTimeField()
    keywords_seen = models.PositiveSmallIntegerField(
        default=0, help_text="a machine's keywords that had stood on the page before it was submitted"
    )
    writing = models.JSONField(
        null=True, blank=True, help_text="how the words came into the field, as the page counted; null: it did not"
    )
    moderation = models.CharField(max_length=8, choices=Moderation, blank=True, default=Moderation.UNREVIEWED)
    moderation_reason = models.TextField(blank=True)

    objects = PhraseQuerySet.as_manager()

    class Meta:
        ordering = ["assignment", "ordinal"]
        constraints = [
            once("phrase_once", "assignment", "client_uuid"),
            once("phrase_ordinal_once", "assignment", "ordinal"),
            rule("phrase_not_empty", ~Q(text="")),
            rule("phrase_moderation_known", moderation__in=Moderation.values),
            rule("phrase_moderation_says_why", Q(moderation__in=["", "approved"]) | ~Q(moderation_reason="")),
            rule("phrase_state_known", state__in=PhraseState.values),
        ]
        indexes = [
            models.Index(fields=["submitted_at"], name="phrase_due", condition=Q(state=PhraseState.PENDING)),
            models.Index(fields=["-submitted_at", "-id"], name="phrase_newest"),
            models.Index(fields=["text"], name="phrase_text"),
        ]

    def __str__(self) -> str:
        return self.text


class PMethod(models.TextChoices):
    EXACT = "exact"
    ASYMPTOTIC = "asymptotic"


class Score(models.Model):
    """The error score of one phrase, with all that pages, exports and retraining need. Written once.

    A negation ("no X") is scored as its subject X with sign -1: `similarities`, `rendered_text` and the embedding are
    those of X, and an image is above the threshold iff sign * similarity > threshold.
    """

    ARRAYS = ("similarities", "text_embedding")

    phrase = models.OneToOneField(Phrase, on_delete=models.PROTECT, related_name="score")
    value = models.FloatField(help_text="error score, 0 to 1")
    threshold = models.FloatField(null=True, help_text="similarity threshold, exact float32; null where the value is 0")
    two_sided = models.FloatField(help_text="error score without regard to direction, 0 to 1")
    two_sided_threshold = models.FloatField(null=True, help_text="threshold of the two-sided score")
    n_correct = models.PositiveIntegerField()
    n_error = models.PositiveIntegerField()
    p_value = models.FloatField(
        null=True, help_text="probability that a phrase unrelated to the errors scores as high, one-sided"
    )
    p_method = models.CharField(max_length=10, choices=PMethod, blank=True)
    tries = models.PositiveIntegerField(
        null=True, help_text="distinct phrases of the person in the class so far, this one included"
    )
    null_level = models.FloatField(
        null=True, help_text="score that the best of so many phrases unrelated to the errors stays at or below in 95%"
    )
    guessing_level = models.FloatField(
        null=True, help_text="score that guessing reaches in all the tries that the task allows; the scale's first step"
    )
    level_shown = models.CharField(max_length=24, blank=True, help_text="step of the worded scale on the page")
    finds_nothing = models.BooleanField(
        default=False,
        db_default=False,
        help_text="no better than guessing, and a retraining would be refused: nearly all or nearly no image is above",
    )
    goal = models.FloatField(null=True, help_text="the study's goal, whether it was shown or not")
    goal_shown = models.BooleanField(default=False, help_text="the page marked what is enough")
    page_version = models.PositiveSmallIntegerField(null=True, help_text="of the task page; null: earlier than 2")
    sign = models.SmallIntegerField(default=1, help_text="-1 for a negation, otherwise 1")
    subject = models.CharField(
        max_length=MAX_PHRASE_LENGTH,
        blank=True,
        help_text="what was embedded, before the template: the phrase without its negation",
    )
    similarities = models.BinaryField(
        help_text="float32 per validation image of the class, in the manifest's row order"
    )
    rendered_text = models.TextField(help_text="what was embedded: the phrase in the text template")
    text_template = models.CharField(max_length=120)
    language = models.CharField(max_length=10, default=ENGLISH, help_text="that it was read in")
    text_embedding = models.BinaryField(help_text="float32 unit vector")
    text_digest = models.CharField(max_length=64, help_text="SHA-256 of the text embedding's bytes")
    class_name_cosine = models.FloatField(help_text="cosine of the phrase's and the class name's text embeddings")
    encoder = models.CharField(max_length=255)
    dataset_digest = models.CharField(max_length=64)
    code_version = models.CharField(max_length=40)
    encode_ms = models.FloatField(help_text="milliseconds the encoder took for the batch this phrase was in")
    rewordings = models.JSONField(
        default=list, help_text="phrases of the vocabulary nearest in meaning, where the study suggests them"
    )
    scored_at = models.DateTimeField()
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="scores")

    class Meta:
        constraints = [
            rule("score_value_range", value__range=(0, 1)),
            rule("score_two_sided_range", two_sided__range=(0, 1), two_sided__gte=F("value")),
            rule("score_threshold_unless_zero", iff(Q(value=0), Q(threshold=None))),
            rule("score_two_sided_threshold", Q(two_sided_threshold__isnull=True) | Q(two_sided__gt=0)),
            rule("score_has_both_sides", n_correct__gte=1, n_error__gte=1),
            rule(
                "score_chance_complete",
                Q(p_value__isnull=True, p_method="", tries__isnull=True, null_level__isnull=True)
                | Q(
                    p_value__isnull=False,  # a range check alone lets null pass
                    tries__isnull=False,
                    null_level__isnull=False,
                    p_value__range=(0, 1),
                    p_method__in=PMethod.values,
                    tries__gte=1,
                    null_level__range=(0, 1),
                ),
            ),
            rule(
                "score_level_complete",
                Q(page_version__isnull=True, guessing_level__isnull=True, level_shown="")
                | (
                    Q(page_version__isnull=False, guessing_level__isnull=False, guessing_level__range=(0, 1))
                    & ~Q(level_shown="")
                ),
            ),
            rule("score_goal_shown_is_set", Q(goal_shown=False) | Q(goal__isnull=False)),
            rule("score_sign_has_subject", Q(sign=1) | (Q(sign=-1) & ~Q(subject=""))),
        ]
        indexes = [models.Index(fields=["dataset_digest", "rendered_text"], name="score_by_text")]

    @property
    def similarity_array(self) -> NDArray[np.float32]:
        """Similarities of the class's validation images to what was embedded, float32[n], read-only."""
        return unpack_float32(self.similarities)


class AnnotationPart(models.Model):
    """One class's annotation in what takes one a class: a scored phrase and its threshold."""

    score: "models.ForeignKey[Score, Score]"  # each table says what becomes of its rows with the score
    target_class = models.PositiveIntegerField()
    threshold = models.FloatField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.score.phrase} for class {self.target_class}"

    @property
    def annotation(self) -> Annotation:
        """Which images of the class it selects."""
        text = unpack_float32(self.score.text_embedding)
        return Annotation(self.target_class, text, self.score.sign, self.threshold)
