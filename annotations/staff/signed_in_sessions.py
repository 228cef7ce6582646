"""The sessions in which a person of the staff is signed in."""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from annotations.log import audit

_ROWS_AT_ONCE = 2000


@transaction.atomic
def sign_out_everywhere(user: Any) -> int:
    """End every session of a person, in all browsers; return how many. Access tokens are revoked apart.

    What a session holds is encoded, so all that last are read, participants' too: 50,000 take about two seconds.
    """
    lasting = Session.objects.filter(expire_date__gt=timezone.now())
    own = [
        session.pk
        for session in lasting.iterator(chunk_size=_ROWS_AT_ONCE)
        if session.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]
    n, _by_model = Session.objects.filter(pk__in=own).delete()
    audit.record("signed_out_everywhere", None, by=user.get_username(), sessions=n)
    return n
