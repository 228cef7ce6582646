"""Rankings of keywords: stored by a command, shown to the staff beside what people reached, never to participants."""

from typing import Any

from django.utils import timezone

from annotations.models import BaseModel, KeywordRanking


def store(
    base_model: BaseModel, target_class: int, list_digest: str, *, rows: list[dict[str, Any]], **fields: Any
) -> KeywordRanking:
    """Store a class's ranking of a list, in place of an earlier one of the same list. rows: the best first."""
    ranking, _ = KeywordRanking.objects.update_or_create(
        base_model=base_model,
        target_class=target_class,
        list_digest=list_digest,
        defaults={**fields, "rows": rows, "n_keywords": len(rows), "created_at": timezone.now()},
    )
    return ranking
