"""Who may do what in which study: operators everything, coordinators and analysts what they are members of."""

from collections import deque
from functools import cache
from typing import Literal, TypeVar

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db.models import ForeignKey, Model, QuerySet

from annotations.models import BaseModel, Dataset, DatasetImport, Pool, Role, Study, StudyMember
from annotations.staff import two_factor

Person = AbstractBaseUser | AnonymousUser
Act = Literal["view", "coordinate", "operate"]
_ROLES_OF_ACT: dict[Act, tuple[Role, ...]] = {
    "view": (Role.COORDINATOR, Role.ANALYST),
    "coordinate": (Role.COORDINATOR,),
    "operate": (),
}

# Whoever sets a study up chooses among all of them, and they hold nothing of any participant.
LIBRARY: tuple[type[Model], ...] = (Dataset, BaseModel, DatasetImport, Pool)

M = TypeVar("M", bound=Model)


def is_staff(user: Person) -> bool:
    """Say whether a request comes from the staff, by password and, where that is asked of them, a second factor."""
    is_active_staff = user.is_authenticated and user.is_active and getattr(user, "is_staff", False)
    return bool(is_active_staff) and two_factor.is_passed(user)


def is_operator(user: Person) -> bool:
    """Say whether a person runs the whole site."""
    return bool(getattr(user, "is_superuser", False)) and is_staff(user)


def may(user: Person, act: Act, study: Study) -> bool:
    """Say whether a person may see a study ("view"), run it ("coordinate"), or run the whole site ("operate")."""
    return is_staff(user) and _has_role(user, act, study)


def account_may(user_id: int, act: Act, study: Study) -> bool:
    """Say whether an account may do so now: for what it signed earlier, which others or nobody signed in hold."""
    user = User.objects.filter(pk=user_id, is_staff=True, is_active=True).first()
    return user is not None and _has_role(user, act, study)


def may_set_up(user: Person) -> bool:
    """Say whether a person may set up a study of their own, and what it needs; files are for `may_upload`.

    Whoever coordinates a study may, and whoever has no role yet: an operator made the account for something. Whoever
    was only made an analyst reads.
    """
    return is_operator(user) or (is_staff(user) and (not (held := _roles_held(user)) or Role.COORDINATOR in held))


def may_upload(user: Person) -> bool:
    """Say whether a person may send files at all: whoever runs the site, or coordinates a study."""
    return is_operator(user) or (is_staff(user) and Role.COORDINATOR in _roles_held(user))


def visible_studies(user: Person) -> QuerySet[Study]:
    """Return the studies that a person may see."""
    if not is_staff(user):
        return Study.objects.none()
    if getattr(user, "is_superuser", False):
        return Study.objects.all()
    # By subquery, so that a further filter or count on the studies meets each once.
    return Study.objects.filter(pk__in=StudyMember.objects.filter(user_id=user.pk or 0).values("study"))


def _roles_held(user: Person) -> set[str]:
    return set(StudyMember.objects.filter(user_id=user.pk or 0).values_list("role", flat=True))


def _has_role(user: Person, act: Act, study: Study) -> bool:
    if getattr(user, "is_superuser", False):
        return True
    return StudyMember.objects.filter(study=study, user_id=user.pk or 0, role__in=_ROLES_OF_ACT[act]).exists()


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


def visible(rows: QuerySet[M], user: Person) -> QuerySet[M]:
    """Return those of the rows that a person of the staff may see: of their studies, and of the library all.

    What belongs to no study, such as an account, is for operators.
    """
    if is_operator(user):
        return rows
    path = study_path(rows.model)
    if path is not None:
        return rows.filter(**{f"{path}__in" if path else "pk__in": visible_studies(user)})
    return rows if rows.model in LIBRARY and is_staff(user) else rows.none()


def may_see(user: Person, row: Model) -> bool:
    """Say whether a person of the staff may see a row."""
    study = study_of(row)
    if study is not None:
        return may(user, "view", study)
    return is_operator(user) or (isinstance(row, LIBRARY) and is_staff(user))
