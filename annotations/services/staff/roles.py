"""Who may do what in which study: operators everything, coordinators and analysts what they are members of."""

from typing import Literal

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db.models import QuerySet

from annotations.models import Role, Study, StudyMember
from annotations.services.staff import two_factor

Person = AbstractBaseUser | AnonymousUser
Act = Literal["view", "coordinate", "operate"]
_ROLES_OF_ACT: dict[Act, tuple[Role, ...]] = {
    "view": (Role.COORDINATOR, Role.ANALYST),
    "coordinate": (Role.COORDINATOR,),
    "operate": (),
}


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
    """Say whether a person may set up a study of their own, or bring in a data set for one.

    Whoever coordinates a study may, and whoever has no role yet: an operator made the account for something. Whoever
    was only made an analyst reads.
    """
    if not is_staff(user):
        return False
    if getattr(user, "is_superuser", False):
        return True
    held = set(StudyMember.objects.filter(user_id=user.pk or 0).values_list("role", flat=True))
    return not held or Role.COORDINATOR in held


def visible_studies(user: Person) -> QuerySet[Study]:
    """Return the studies that a person may see."""
    if not is_staff(user):
        return Study.objects.none()
    if getattr(user, "is_superuser", False):
        return Study.objects.all()
    # By subquery, so that a further filter or count on the studies meets each once.
    return Study.objects.filter(pk__in=StudyMember.objects.filter(user_id=user.pk or 0).values("study"))


def _has_role(user: Person, act: Act, study: Study) -> bool:
    if getattr(user, "is_superuser", False):
        return True
    return StudyMember.objects.filter(study=study, user_id=user.pk or 0, role__in=_ROLES_OF_ACT[act]).exists()
