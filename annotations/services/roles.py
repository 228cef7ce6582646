"""Who may do what in which study: operators everything, coordinators and analysts what they are members of."""

from typing import Literal

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import QuerySet

from annotations.models import Role, Study, StudyMember

Act = Literal["view", "coordinate", "operate"]
_ROLES_OF_ACT: dict[Act, tuple[Role, ...]] = {
    "view": (Role.COORDINATOR, Role.ANALYST),
    "coordinate": (Role.COORDINATOR,),
    "operate": (),
}


def may(user: AbstractBaseUser | AnonymousUser, act: Act, study: Study) -> bool:
    """Say whether a person may see a study ("view"), run it ("coordinate"), or run the whole site ("operate")."""
    if not (user.is_authenticated and user.is_active and getattr(user, "is_staff", False)):
        return False
    if getattr(user, "is_superuser", False):
        return True
    return StudyMember.objects.filter(study=study, user_id=user.pk, role__in=_ROLES_OF_ACT[act]).exists()


def visible_studies(user: AbstractBaseUser | AnonymousUser) -> QuerySet[Study]:
    """Return the studies that a person may see."""
    if not (user.is_authenticated and user.is_active and getattr(user, "is_staff", False)):
        return Study.objects.none()
    if getattr(user, "is_superuser", False):
        return Study.objects.all()
    return Study.objects.filter(members__user_id=user.pk)
