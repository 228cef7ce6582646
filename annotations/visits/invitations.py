"""Invitations: a coordinator vouches for people whom Prolific does not, such as those of a pilot (docs/decisions/0090).

An invitation's link has a random token that is stored nowhere. It lets one person in, who then counts as verified:
neither the limit on starts from a network nor the share of places for unverified people applies.
"""

import hashlib
import secrets
import uuid

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.urls import reverse

from annotations.allocation import places
from annotations.base.service_errors import InvitationInvalid, InvitationUsed
from annotations.log import audit, turned_away
from annotations.models import AnnotationSession, EntryVerification, Invitation, InvitationState, Participant, Study
from annotations.visits import sessions
from annotations.visits.entry_verification import Browser, check_resume_code
from annotations.visits.sessions import LinkKeys

PARAMETER = "invitation"  # of the link
MAX_AT_ONCE = 100
_TOKEN_BYTES = 24


@transaction.atomic
def make(study: Study, n: int, *, by: str) -> dict[int, str]:
    """Make n invitations to a study; return their links by number, which cannot be shown again."""
    Study.objects.select_for_update(no_key=True).get(pk=study.pk)  # so that numbers are given once
    last = study.invitations.aggregate(last=Max("number"))["last"] or 0
    tokens = {number: secrets.token_urlsafe(_TOKEN_BYTES) for number in range(last + 1, last + n + 1)}
    Invitation.objects.bulk_create(
        Invitation(study=study, number=number, digest=_digest(token), made_by=by) for number, token in tokens.items()
    )
    audit.record("invitations_made", study, by=by, n=n, first=last + 1)
    address = f"{settings.SITE_URL}{reverse('welcome', args=[study.slug])}"
    return {number: f"{address}?{PARAMETER}={token}" for number, token in tokens.items()}


@transaction.atomic
def revoke(study: Study, number: int, *, by: str) -> None:
    """End an unused invitation. A no-op for one that was used, and for none."""
    unused = study.invitations.filter(number=number, state=InvitationState.UNUSED)
    if unused.update(state=InvitationState.REVOKED):
        audit.record("invitation_revoked", study, by=by, number=number)


def keys_of(study: Study, token: str) -> LinkKeys:
    """Return the keys of the visit that an invitation leads to. Raises InvitationInvalid, also for a revoked one."""
    digest = _digest(token)
    if not study.invitations.filter(digest=digest).exclude(state=InvitationState.REVOKED).exists():
        raise InvitationInvalid
    name = f"{PARAMETER}:{digest}"  # no id from outside has a colon in it
    return sessions.link_keys(study, participant=name, session=name)


def enter(study: Study, token: str, browser: Browser, page: uuid.UUID | None) -> AnnotationSession:
    """Return the visit of an invitation, and make it the first time.

    page: the uuid of the page on which Start was pressed: a second press there is the same. Raises as `keys_of`;
    InvitationUsed in another browser, unless it gives the visit's resume code; for a new visit Withdrawn, StudyNotOpen
    and StudyFull.
    """
    keys = keys_of(study, token)
    with turned_away.counted(study, keys.submission):
        session = AnnotationSession.objects.filter(study=study, submission_key=keys.submission).first()
        if session is None:
            return _enter_anew(study, keys, _digest(token), page or uuid.uuid4())
        if session.pk not in browser.visits and not study.invitations.filter(client_uuid=page).exists():
            if not browser.code:
                raise InvitationUsed
            check_resume_code(session, browser)
    return session


@transaction.atomic
def _enter_anew(study: Study, keys: LinkKeys, digest: str, page: uuid.UUID) -> AnnotationSession:
    sessions.refuse_closed_to_new(study, keys.submission)
    invitation = Invitation.objects.select_for_update().get(study=study, digest=digest)
    if invitation.state == InvitationState.REVOKED:
        raise InvitationInvalid
    if invitation.state == InvitationState.USED and invitation.client_uuid != page:
        raise InvitationUsed
    places.refuse_full(study, keys.person)
    Invitation.objects.filter(pk=invitation.pk).update(state=InvitationState.USED, client_uuid=page)
    person, _created = Participant.objects.get_or_create(study=study, pseudonym=keys.person)
    return sessions.make(person, keys.submission, verification=EntryVerification.INVITED)[0]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
