"""Tokens by which a program of the staff reads the API: made and revoked by their person, shown once, kept as a digest.

A token is worth what the sign-in that made it is worth now: it ends with the account, with the password, with its time,
and where a second factor is asked for that the sign-in did not give. What it reads follows from its person's roles.
"""

import datetime as dt
import hashlib
import secrets
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from annotations.log import audit
from annotations.models import AccessToken
from annotations.staff import roles
from annotations.staff.sign_in_notices import notify_on_commit

DAYS = (30, 90, 365)  # how long one may be asked to last
_NOTED_EVERY = dt.timedelta(minutes=1)  # a program that asks often writes seldom
_PREFIX = "clarify_"  # so that scanners for secrets know one


@transaction.atomic
def create(user: Any, *, name: str, days: int) -> tuple[AccessToken, str]:
    """Make a token of whoever is signed in as `user`; returns it with its text, which is stored nowhere."""
    assert days in DAYS, "the form offers these"
    text = _PREFIX + secrets.token_urlsafe(32)
    now = timezone.now()
    token = AccessToken.objects.create(
        user=user,
        name=name,
        digest=_digest(text),
        is_verified=bool(user.is_verified()),
        sign_in_hash=user.get_session_auth_hash(),
        created_at=now,
        expires_at=now + dt.timedelta(days=days),
    )
    audit.record("token_created", None, by=user.get_username(), subject=name, days=days)
    notify_on_commit(user, f"A new API token was made for your account: “{name}”, good for {days} days.")
    return token, text


@transaction.atomic
def revoke(user: Any, token_id: int) -> None:
    """Forget one of a person's own tokens; nobody else's is known, and one that is gone stays so."""
    token = AccessToken.objects.filter(user=user, pk=token_id).first()
    if token is not None:
        token.delete()
        audit.record("token_revoked", None, by=user.get_username(), subject=token.name)


def holder_of(text: str) -> User | None:
    """Return in whose name a token speaks now, with what their sign-in gave; None where it is worth nothing."""
    token = AccessToken.objects.select_related("user").filter(digest=_digest(text)).first()
    if token is None or not is_valid(token):
        return None
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > _NOTED_EVERY:
        AccessToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return _as_signed_in(token)


def is_valid(token: AccessToken) -> bool:
    """Say whether a token opens anything now."""
    is_same = constant_time_compare(token.sign_in_hash, token.user.get_session_auth_hash())
    return is_same and token.expires_at > timezone.now() and roles.is_staff(_as_signed_in(token))


def _as_signed_in(token: AccessToken) -> User:
    user: Any = token.user
    user.is_verified = lambda: token.is_verified  # as django-otp says it of the user of a request
    return user  # type: ignore[no-any-return]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
