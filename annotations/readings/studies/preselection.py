"""Which classes to annotate among many: those whose errors keywords name, by how unlikely that is by chance."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from annotations.models import BaseModel, KeywordRanking

ACCURACIES, MOST = (0.2, 0.8), 100  # as in the paper


@dataclass(frozen=True)
class PreselectedClass:
    """A class with its best keyword. n_images, n_error: of validation; p_value: of the list's maximum."""

    name: str
    accuracy: float
    n_images: int
    n_error: int
    keyword: str
    error_score: float
    p_value: float


@dataclass(frozen=True)
class Preselection:
    """The classes of a base model that a list is ranked on, within the bounds of accuracy, the best first."""

    base_model: BaseModel
    list_name: str
    classes: tuple[PreselectedClass, ...]


def preselections() -> Iterator[Preselection]:
    """Yield one for each list that is ranked on several classes of a base model.

    Ordered by p-value: the raw maximum favours classes with few errors, which chance fits more easily. It orders those
    of one p-value, which none can be below of one in so many permutations.
    """
    ranked: Any = KeywordRanking.objects.order_by("base_model", "list_name", "text_template", "target_class", "pk")
    columns = ("base_model", "list_name", "text_template", "target_class", "n_correct", "n_error", "rows__0")
    for (pk, name, _), rows in groupby(ranked.values_list(*columns).iterator(), key=lambda row: row[:3]):
        base_model = BaseModel.objects.select_related("dataset").defer(*BaseModel.ARRAYS).get(pk=pk)
        found = {row[3]: _class(base_model, *row[3:]) for row in rows}  # of two lists of a name the newer one
        if len(found) > 1:
            kept = [each for each in found.values() if ACCURACIES[0] <= each.accuracy <= ACCURACIES[1]]
            kept.sort(key=lambda each: (each.p_value, -each.error_score))
            yield Preselection(base_model, name, tuple(kept[:MOST]))


def _class(base_model: BaseModel, label: int, n_correct: int, n_error: int, best: dict[str, Any]) -> PreselectedClass:
    return PreselectedClass(
        name=str(base_model.dataset.class_names[label]),
        accuracy=n_correct / (n_correct + n_error),
        n_images=n_correct + n_error,
        n_error=n_error,
        keyword=best["keyword"],
        error_score=best["error_score"],
        p_value=best["adjusted_p"],
    )
