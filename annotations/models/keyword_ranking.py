"""A list of keywords, ranked by how well each names a base model's errors on one class: no person said them."""

from django.db import models
from django.db.models import F, Func, Q

from annotations.models.base_model import BaseModel


class KeywordRankingQuerySet(models.QuerySet["KeywordRanking"]):
    """Queries over rankings."""

    def with_best(self, count: int) -> "KeywordRankingQuerySet":
        """With the first `count` objects of `rows` as `best`, and without the rest, which may be long."""
        first = Func(
            F("rows"),
            template=f"jsonb_path_query_array(%(expressions)s, '$[0 to {count - 1}]')",
            output_field=models.JSONField(),
        )
        return self.annotate(best=first).defer("rows")


class KeywordRanking(models.Model):
    """What `manage.py rank_keywords` found for one class and one list. The same list again replaces it.

    `rows` has one JSON object a keyword, the best first: keyword, text (as embedded), sign (-1 for a negation),
    error_score, threshold (None where the score is 0), p_value of this keyword alone, adjusted_p, clip_score.
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
    created_at = models.DateTimeField()

    objects = KeywordRankingQuerySet.as_manager()

    class Meta:
        ordering = ["base_model", "target_class", "list_name", "list_digest"]
        constraints = [
            models.UniqueConstraint(
                fields=["base_model", "target_class", "list_digest"], name="keyword_ranking_once_a_list"
            ),
            models.CheckConstraint(
                condition=Q(n_keywords__gte=1, n_correct__gte=1, n_error__gte=1), name="keyword_ranking_has_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.list_name} on class {self.target_class} of {self.base_model}"
