"""What common words reach on the images of a class, scored in the background."""

import numpy as np
from django.db import models
from django.db.models import Q
from numpy.typing import NDArray

from annotations.models.arrays import unpack_float64
from annotations.models.base_model import BaseModel
from annotations.models.constraints import once, rule
from clarify_errors.arrays.phrases.phrase_languages import ENGLISH


class VocabularyLevel(models.Model):
    """One per base model, class, template, language and half of the images; levels are empty where these are too few.

    Each array has the error scores of the words of a list, in its order. "No …" has a level of its own.
    """

    ARRAYS = ("scores", "negated_scores")

    base_model = models.ForeignKey(BaseModel, on_delete=models.CASCADE, related_name="vocabulary_levels")
    target_class = models.PositiveIntegerField()
    text_template = models.CharField(max_length=120)
    language = models.CharField(max_length=10, default=ENGLISH, help_text="of the words")
    half = models.CharField(max_length=80, blank=True, help_text="seed of the scoring half; empty: all")
    n_correct = models.PositiveIntegerField()
    n_error = models.PositiveIntegerField()
    level = models.FloatField(null=True, help_text="error score that one word in twenty passes; null: too few images")
    negated_level = models.FloatField(null=True, help_text="the same for “no …”")
    scores = models.BinaryField(help_text="float64 per word of the list")
    negated_scores = models.BinaryField(help_text="the same for “no …”")
    words_digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the list, one word a line")
    n_words = models.PositiveIntegerField(default=0)
    n_distinct = models.PositiveIntegerField(default=0, help_text="common words that the encoder tells apart")
    code_version = models.CharField(max_length=40)
    versions = models.JSONField(default=dict, help_text="library versions of the worker that scored them")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["base_model", "target_class", "text_template", "language", "half"]
        constraints = [
            once("vocabulary_level_once", "base_model", "target_class", "text_template", "language", "half"),
            rule(
                "vocabulary_levels_are_scores",
                Q(level__isnull=True, negated_level__isnull=True)
                | Q(
                    level__isnull=False,  # a range check alone lets null pass
                    negated_level__isnull=False,
                    level__range=(0, 1),
                    negated_level__range=(0, 1),
                ),
            ),
        ]

    def of_sign(self, sign: int) -> float | None:
        """What one word reaches, or "no …" with sign -1; None where there are too few images to tell."""
        return self.level if sign > 0 else self.negated_level

    def scores_of(self, sign: int) -> NDArray[np.float64]:
        """The error scores of all words, float64[M], read-only."""
        return unpack_float64(self.scores if sign > 0 else self.negated_scores)
