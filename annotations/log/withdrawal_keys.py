"""The keys of a visit's own links: to withdraw, and to come back and look."""

from django.utils.crypto import constant_time_compare, salted_hmac

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


def return_token(session: AnnotationSession) -> str:
    """Return what opens the page to come back to: 128 bits that follow from the other token and do not give it away.

    So it is good for as long, without a place of its own. Raises as `token` does.
    """
    made = salted_hmac("clarify.return", str(session.public_id), secret=token(session), algorithm="sha256")
    return made.hexdigest()[:32]
