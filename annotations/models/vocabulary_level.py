"""What words that no person said reach on the images of a class: common words, and lists of keywords."""

from typing import Any

import numpy as np
from django.db import models
from django.db.models import Q
from numpy.typing import NDArray

from annotations.models.arrays import unpack_float64
from annotations.models.constraints import once, rule
from annotations.models.dataset import BaseModel
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


class KeywordRanking(models.Model):
    """What `manage.py rank_keywords` found for one class and one list. The same list again replaces it.

    `rows` has one JSON object a keyword, the best first: keyword, text (as embedded), sign (-1 for a negation),
    error_score, threshold (None where the score is 0), p_of_list (None where the errors that would judge it may have
    chosen it; an earlier version has none), null_level (the same for all), clip_score, clip_rank (by that), n_captioned
    and subgroup_accuracy (None without captions).
    `settings` has where the keywords come from.
    """

    base_model = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="keyword_rankings")
    target_class = models.PositiveIntegerField(help_text="label")
    list_name = models.CharField(max_length=120)
    list_digest = models.CharField(max_length=64, help_text="SHA-256 of the template and the keywords, one a line")
    text_template = models.TextField()
    n_correct = models.PositiveIntegerField(help_text="of the class's validation images")
    n_error = models.PositiveIntegerField(help_text="of the class's validation images")
    n_keywords = models.PositiveIntegerField()
    rows = models.JSONField()
    settings = models.JSONField(help_text="encoder, permutations, seed, versions: to compute it again")
    retrained = models.JSONField(
        default=list,
        help_text="what its best keyword by either score does, by scheme: slices, predictions on the class's test",
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["base_model", "target_class", "list_name", "list_digest"]
        constraints = [
            once("keyword_ranking_once_a_list", "base_model", "target_class", "list_digest"),
            rule("keyword_ranking_has_something", n_keywords__gte=1, n_correct__gte=1, n_error__gte=1),
        ]

    def retrained_with(self, scheme: str) -> list[dict[str, Any]]:
        """Return what its best keyword by either score does under a scheme; nothing before it was retrained with."""
        return [row for row in self.retrained if row["scheme"] == scheme]
