"""Rankings of keywords: stored by a command, shown to the staff, and to participants where a study says so."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from annotations.base.row_changes import change
from annotations.models import BaseModel, KeywordRanking


@transaction.atomic
def store(
    base_model: BaseModel,
    target_class: int,
    list_digest: str,
    *,
    rows: list[dict[str, Any]],
    is_made: bool = False,
    **fields: Any,
) -> KeywordRanking:
    """Store a class's ranking of a list, in place of an earlier one of the same list. rows: the best first.

    is_made: the list is of the class's captions, so that what other captions had made under its name goes too.
    """
    of_class = KeywordRanking.objects.filter(base_model=base_model, target_class=target_class)
    if is_made:
        same_name = of_class.filter(list_name=fields["list_name"], text_template=fields["text_template"])
        same_name.exclude(list_digest=list_digest).delete()
    ranking, _ = KeywordRanking.objects.update_or_create(
        base_model=base_model,
        target_class=target_class,
        list_digest=list_digest,
        defaults={**fields, "rows": rows, "retrained": [], "n_keywords": len(rows), "created_at": timezone.now()},
    )
    return ranking


def store_retrained(ranking: KeywordRanking, retrained: list[dict[str, Any]]) -> None:
    """Store what retraining with a ranking's best keywords does, as news for the studies that show it."""
    change(ranking, retrained=retrained, created_at=timezone.now())
