"""The key that opens a visit's withdrawal page."""

from django.utils.crypto import constant_time_compare

from annotations.base.service_errors import IdentityDestroyed
from annotations.log import identities
from annotations.models import AnnotationSession


def token(session: AnnotationSession) -> str:
    """Return what opens the visit's withdrawal page: random, and good for as long as the study's ids are kept.

    Raises IdentityDestroyed once the retention period is over: nobody can tell any more whose the visit was.
    """
    if not session.sealed_withdrawal_token:
        raise IdentityDestroyed
    return identities.unseal_for_site(session.sealed_withdrawal_token).decode()


def is_opened_by(session: AnnotationSession, given: str) -> bool:
    """Whether somebody has the visit's own token; raises as `token` does."""
    return constant_time_compare(given, token(session))
