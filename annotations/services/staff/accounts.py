"""Making accounts of the staff, with a password that passes the site's rules."""

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from annotations.services.common.service_errors import ServiceError
from annotations.services.logs import audit

FIRST_SIGN_IN = "At the first sign-in the site asks for an authenticator app, so have a phone with one at hand."


class AccountRefused(ServiceError, status=400):
    """The name or the password of a new account does not pass; the message says why."""


def refuse_name(name: str) -> None:
    """Raise AccountRefused where no new account can have this name."""
    try:
        User(username=name).full_clean(exclude=["password"])
    except ValidationError as error:
        raise AccountRefused(" ".join(error.messages)) from error


@transaction.atomic
def create(name: str, password: str, *, by: str, email: str = "", is_operator: bool = False) -> User:
    """Make an account of the staff. Raises AccountRefused."""
    user = User(username=name, email=email, is_staff=True, is_superuser=is_operator)
    try:
        user.full_clean(exclude=["password"])
        validate_password(password, user)
    except ValidationError as error:
        raise AccountRefused(" ".join(error.messages)) from error
    user.set_password(password)
    user.save()
    audit.record("user_created", study=None, by=by, subject=name)
    return user
