"""E-mails to a person of the staff about what opens their account: whoever did it, its owner reads of it."""

import logging
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from annotations.base.emails import NotificationFailed, send_email

logger = logging.getLogger(__name__)


def notify_on_commit(user: Any, change: str) -> None:
    """Tell a person of a change, once it is stored; nothing where the site sends no e-mail, or the account has none.

    change: a sentence without an address or a secret.
    """
    if settings.SENDS_EMAIL and user.email:
        transaction.on_commit(lambda: _notify(user, change))


def _notify(user: Any, change: str) -> None:
    body = (
        f"{change}\n\nAccount {user.get_username()} at {settings.SITE_URL}, {timezone.now():%Y-%m-%d %H:%M} UTC.\n\n"
        "If that was not you, change your password, sign out everywhere under “Two-factor sign-in”, and tell an "
        "operator.\n"
    )
    try:
        send_email("Clarify: a change to how your account is signed in to", body, user.email)
    except NotificationFailed as error:
        logger.warning("a notice about a sign-in was not sent: %s", error)
