"""Which classes to annotate among many: those whose errors keywords name, by how far beyond unrelated words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from annotations.models import BaseModel
from clarify_errors.arrays.keywords.keyword_ranking import select_classes


@dataclass(frozen=True)
class PreselectedClass:
    """A class with its best keyword. n_images, n_error: of validation.

    p_value: of the list's maximum; None where the errors that would judge the keyword may have chosen it. null_level:
    what the best of so many words unrelated to the errors reaches; None of a ranking of an earlier version.
    """

    name: str
    accuracy: float
    n_images: int
    n_error: int
    keyword: str
    error_score: float
    p_value: float | None
    null_level: float | None


@dataclass(frozen=True)
class Preselection:
    """The classes of a base model that a list is ranked on, within the bounds of accuracy, the best first."""

    list_name: str
    classes: tuple[PreselectedClass, ...]


def preselections(base_model: BaseModel) -> Iterator[Preselection]:
    """Yield one for each list that is ranked on several classes of a base model."""
    ranked: Any = base_model.keyword_rankings.order_by("list_name", "text_template", "target_class", "pk")
    columns = ("list_name", "text_template", "target_class", "n_correct", "n_error", "rows__0")
    for (name, _), rows in groupby(ranked.values_list(*columns).iterator(), key=lambda row: row[:2]):
        found = {row[2]: _class(base_model, *row[2:]) for row in rows}  # of two lists of a name the newer one
        if len(found) > 1:
            yield Preselection(name, _selected(list(found.values())))


def _selected(classes: Sequence[PreselectedClass]) -> tuple[PreselectedClass, ...]:
    facts = np.array([(each.accuracy, each.error_score, each.null_level or 1.0) for each in classes])
    return tuple(classes[place] for place in select_classes(*facts.T))


def _class(base_model: BaseModel, label: int, n_correct: int, n_error: int, best: dict[str, Any]) -> PreselectedClass:
    return PreselectedClass(
        name=str(base_model.dataset.class_names[label]),
        accuracy=n_correct / (n_correct + n_error),
        n_images=n_correct + n_error,
        n_error=n_error,
        keyword=best["keyword"],
        error_score=best["error_score"],
        p_value=best.get("p_of_list"),
        null_level=best.get("null_level"),
    )
