"""A list of keywords, ranked by how well each names a base model's errors on one class: no person said them."""

from typing import Any

from django.db import models

from annotations.models.base_model import BaseModel
from annotations.models.constraints import once, rule


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
