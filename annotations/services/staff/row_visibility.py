"""Which study a row belongs to, and which rows a person of the staff may see."""

from collections import deque
from functools import cache
from typing import TypeVar

from django.db.models import ForeignKey, Model, QuerySet

from annotations.models import BaseModel, Dataset, DatasetImport, Pool, Study
from annotations.services.staff import roles

# Whoever sets a study up chooses among all of them, and they hold nothing of any participant.
LIBRARY: tuple[type[Model], ...] = (Dataset, BaseModel, DatasetImport, Pool)

M = TypeVar("M", bound=Model)


@cache
def study_path(model: type[Model]) -> str | None:
    """Return the shortest chain of foreign keys from a model to its study, as a lookup.

    "assignment__session__study" for a phrase, "" for the study itself, None for what belongs to no study.
    """
    if model is Study:
        return ""
    queue, seen = deque([(model, "")]), {model}
    while queue:
        at, path = queue.popleft()
        for field in at._meta.concrete_fields:
            target = field.related_model if isinstance(field, ForeignKey) else None
            if target is Study:
                return f"{path}{field.name}"
            if isinstance(target, type) and target._meta.app_label == "annotations" and target not in seen:
                seen.add(target)
                queue.append((target, f"{path}{field.name}__"))
    return None


def study_of(row: Model) -> Study | None:
    """Return the study that a row belongs to; None where it belongs to none."""
    path = study_path(type(row))
    found: object = None if path is None else row
    for name in (path or "").split("__"):
        found = getattr(found, name) if found is not None and name else found
    return found if isinstance(found, Study) else None


def visible(rows: QuerySet[M], user: roles.Person) -> QuerySet[M]:
    """Return those of the rows that a person of the staff may see: of their studies, and of the library all.

    What belongs to no study, such as an account, is for operators.
    """
    if roles.is_operator(user):
        return rows
    path = study_path(rows.model)
    if path is not None:
        return rows.filter(**{f"{path}__in" if path else "pk__in": roles.visible_studies(user)})
    return rows if rows.model in LIBRARY and roles.is_staff(user) else rows.none()


def may_see(user: roles.Person, row: Model) -> bool:
    """Say whether a person of the staff may see a row."""
    study = study_of(row)
    if study is not None:
        return roles.may(user, "view", study)
    return roles.is_operator(user) or (isinstance(row, LIBRARY) and roles.is_staff(user))
