"""Accounts of the staff, made with a password that passes the site's rules, and the members of a study among them."""

from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.db.models import Q, QuerySet

from annotations.base.service_errors import NotPossible, only_valid
from annotations.log import audit
from annotations.models import Role, Study, StudyMember
from annotations.staff import roles

FIRST_SIGN_IN = "At the first sign-in the site asks for an authenticator app, so have a phone with one at hand."


def refuse_name(name: str) -> None:
    """Raise NotPossible where no new account can have this name."""
    with only_valid():
        User(username=name).full_clean(exclude=["password"])


@transaction.atomic
def create(name: str, password: str, *, by: str, email: str = "", is_operator: bool = False) -> User:
    """Make an account of the staff. Raises NotPossible."""
    user = User(username=name, email=email, is_staff=True, is_superuser=is_operator)
    with only_valid():
        user.full_clean(exclude=["password"])
        validate_password(password, user)
    user.set_password(password)
    user.save()
    audit.record("user_created", None, by=by, subject=name)
    return user


def offered_to(user: Any, study: Study) -> QuerySet[User]:
    """Return the accounts that a page offers for a role in a study: of people whom the person works with already.

    Who else is on the staff, and so works in other studies, operators alone see.
    """
    accounts = User.objects.filter(is_staff=True, is_active=True).exclude(study_roles__study=study)
    return accounts if roles.is_operator(user) else accounts.filter(pk__in=colleagues_of(user))


def colleagues_of(user: Any) -> QuerySet[User]:
    """Return whoever has a role in a study that the person may see, and the person."""
    return User.objects.filter(Q(study_roles__study__in=roles.visible_studies(user)) | Q(pk=user.pk)).distinct()


def add(study: Study, username: str, role: Role, *, by: str) -> StudyMember:
    """Give a member of the staff a role, in place of the one they had. Raises NotPossible."""
    user = User.objects.filter(username=username, is_staff=True, is_active=True).first()
    if user is None:
        raise NotPossible("There is no staff account with this name. Ask an operator to create it.")
    with transaction.atomic():
        _lock(study)
        member = StudyMember.objects.filter(study=study, user=user).first()
        if member is not None and member.role == role:
            return member
        if member is not None:
            _refuse_without_coordinator(member)
        member, _created = StudyMember.objects.update_or_create(study=study, user=user, defaults={"role": role})
        audit.record("role_given", study, by=by, subject=username, role=role)
    return member


def remove(study: Study, username: str, *, by: str) -> None:
    """Take a person's role. Nothing happens where they have none. Raises NotPossible for the last coordinator."""
    with transaction.atomic():
        _lock(study)
        member = StudyMember.objects.filter(study=study, user__username=username).first()
        if member is None:
            return
        _refuse_without_coordinator(member)
        member.delete()
        audit.record("role_taken", study, by=by, subject=username, role=member.role)


def _lock(study: Study) -> None:
    """Two coordinators who remove each other at once wait for each other."""
    Study.objects.select_for_update().get(pk=study.pk)


def _refuse_without_coordinator(leaving: StudyMember) -> None:
    others = StudyMember.objects.filter(study=leaving.study, role=Role.COORDINATOR).exclude(pk=leaving.pk)
    if leaving.role == Role.COORDINATOR and not others.exists():
        raise NotPossible("A study needs a coordinator. Give another member that role first.")
