"""Links into visits that do not count: previews by the staff, and simulated ones. Signed by this site, good for a day.

A preview link is good only as long as whoever made it may run the study: their role is asked for on each entry.

They lead to the same pages as the participants' link, on drafts, paused and open studies alike. Whose visit it is
stands in the link and is fixed when the visit is made, so nothing that is done in it ever counts.
"""

import datetime as dt
import hashlib
import secrets
from dataclasses import asdict, dataclass

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core import signing
from django.db import transaction
from django.urls import reverse

from annotations.allocation.cells import cells
from annotations.base.service_errors import ServiceError, StudyNotOpen
from annotations.log.identities import pseudonym
from annotations.models import (
    AnnotationSession,
    Condition,
    EntryVerification,
    Participant,
    SessionKind,
    Study,
    StudyState,
)
from annotations.staff import roles
from annotations.studies import lifecycle
from annotations.visits import sessions

PARAMETER = "rehearsal"  # of the link
GOOD_FOR = dt.timedelta(days=1)
_SALT = "clarify.rehearsal"


class EntryLinkInvalid(ServiceError, code="rehearsal_link_invalid", status=403):
    """A link to a preview or a simulated visit that has expired, or that this site did not sign."""

    heading = "This preview is over"
    sentence = "This preview link has expired or is invalid. Open a new preview from the study’s page in the admin."


@dataclass(frozen=True)
class Link:
    """What a link says. The same link is the same visit, by `name`; `number` picks the cell among those allowed."""

    study: int
    kind: str
    name: str
    number: int
    condition: int | None = None

    @property
    def maker(self) -> int:
        """The account that made the link of a preview."""
        return int(self.name.partition(":")[0])


def preview_url(study: Study, user: AbstractBaseUser, condition: Condition | None = None) -> str:
    """Return a link to a new preview by one of the staff, under a condition or, without one, in any cell."""
    name = f"{user.pk}:{secrets.token_hex(8)}"
    condition_id = None if condition is None else condition.pk
    link = Link(study.pk, SessionKind.PREVIEW, name, secrets.randbits(31), condition_id)
    return f"{settings.SITE_URL}{reverse('welcome', args=[study.slug])}?{PARAMETER}={_signed(link)}"


def simulated_parameters(study: Study, n: int, seed: int | str) -> dict[str, str]:
    """Return the query parameters of the link of simulated person n, from 0, to the study's address.

    The same seed is the same people. They fill the cells in turn.
    """
    return {PARAMETER: _signed(Link(study.pk, SessionKind.SIMULATED, f"{seed}:{n}", n))}


def read(study: Study, token: str) -> Link:
    """Return what a link says.

    Raises EntryLinkInvalid, also once its maker runs the study no longer, and StudyNotOpen once the
    study is closed.
    """
    try:
        link = Link(**signing.loads(token, salt=_SALT, max_age=GOOD_FOR))
    except signing.BadSignature:
        raise EntryLinkInvalid from None
    if link.study != study.pk:
        raise EntryLinkInvalid
    if link.kind == SessionKind.PREVIEW and not roles.account_may(link.maker, "coordinate", study):
        raise EntryLinkInvalid(
            "The person who made this preview link no longer coordinates the study, so the link is no longer "
            "valid. Ask a coordinator for a new one."
        )
    if study.state == StudyState.CLOSED:
        raise StudyNotOpen(study.state)
    return link


def enter(study: Study, token: str) -> AnnotationSession:
    """Return the visit of a link, and make it the first time, under the study's configuration as it is now.

    Raises as `read` does, and StudyNotReady for a draft that could not be opened.
    """
    link = read(study, token)
    key = pseudonym(study, "S", f"{link.kind}:{link.name}")
    session = AnnotationSession.objects.filter(study=study, submission_key=key).first()
    return session or _enter_anew(study, link, key)


@transaction.atomic
def _enter_anew(study: Study, link: Link, key: str) -> AnnotationSession:
    person = pseudonym(study, "P", f"{link.kind}:{link.name}")  # no id from outside has a colon in it
    participant, _created = Participant.objects.get_or_create(study=study, pseudonym=person)
    condition, order = _cell(study, link)
    return sessions.make(
        participant,
        key,
        configuration=lifecycle.configuration_now(study),
        kind=link.kind,
        verification=EntryVerification.LOCAL,
        condition=condition,
        order=order,
        seed=_seed(link),
    )[0]


def _cell(study: Study, link: Link) -> tuple[Condition | None, int]:
    allowed = [
        (condition, order)
        for condition, order in cells(study)
        if link.condition is None or (condition and condition.pk == link.condition)
    ]
    if not allowed:  # the condition was deleted after the link was made
        raise EntryLinkInvalid
    return allowed[link.number % len(allowed)]


def _seed(link: Link) -> int:
    """Seeds the samples of images: the same link shows the same ones."""
    return int.from_bytes(hashlib.sha256(link.name.encode()).digest()[:8]) >> 1


def _signed(link: Link) -> str:
    return signing.dumps({**asdict(link), "kind": str(link.kind)}, salt=_SALT)
