"""How sure it is that a person comes from Prolific: a signed link, then its API's word, then the address alone.

Of entries that nobody vouches for it is kept how many begin from one network, and who goes on with a visit in another
browser: ids in a link can be invented. Whoever comes by a signed link, or is known to Prolific's API, is asked for
nothing more (docs/decisions/0031).
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass

from annotations.allocation.plain_links import starts_allowed
from annotations.base import redis_counters
from annotations.base.service_errors import (
    EntryNotVerified,
    ResumeCodeNeeded,
    ResumeCodeWrong,
    TooManyFromNetwork,
    TooManyResumeCodes,
    Withdrawn,
)
from annotations.models import AnnotationSession, EntryVerification, Stage, Study
from annotations.prolific import site_client as prolific_client
from annotations.prolific import submissions
from annotations.prolific_client.link_keys import KeysUnavailable
from annotations.prolific_client.outside_ids import OutsideIds
from annotations.prolific_client.signed_links import LinkNotSigned, SignedEntry
from annotations.visits.resume_codes import is_resume_code

logger = logging.getLogger(__name__)

CODES_TRIED, CODES_WINDOW_S = 10, 600  # of one visit, from one network


def verify_entry(study: Study, ids: OutsideIds, token: str) -> EntryVerification:
    """Return how sure a new visit's entry is, as `verification_of` does, whose errors it raises.

    Raises EntryNotVerified also for an unverified entry of a study that takes no such.
    """
    verification = verification_of(study, ids, token)
    if study.only_verified and verification == EntryVerification.UNVERIFIED:
        raise EntryNotVerified
    return verification


def verification_of(study: Study, ids: OutsideIds, token: str) -> EntryVerification:
    """Return the surest verification that a link's ids and token reach. It may ask Prolific, so hold no transaction.

    A token that proves nothing (expired, made for another site, changed) is as good as none; so is one for this
    submission that does not say whose it is, where Prolific's API knows it as another's. Raises EntryNotVerified for a
    token that Prolific signed for somebody else.
    """
    signed = _signed(token) if token else None
    if signed is not None and not _is_for(signed, ids):
        raise EntryNotVerified
    if signed is not None and signed.participant_id and signed.study_id:
        return EntryVerification.SIGNED
    is_theirs = submissions.confirm(study, ids)
    if signed is not None and is_theirs is not False:
        return EntryVerification.SIGNED
    return EntryVerification.CONFIRMED if is_theirs else EntryVerification.UNVERIFIED


def _signed(token: str) -> SignedEntry | None:
    try:
        return prolific_client.verify_link(token)
    except (LinkNotSigned, KeysUnavailable) as error:
        logger.warning("signed link rejected: %s", error)
        return None


def _is_for(signed: SignedEntry, ids: OutsideIds) -> bool:
    """Whether the token names this submission, and no other person or study where it names them at all."""
    named = (signed.participant_id or ids.participant, signed.study_id or ids.study, signed.session_id)
    return named == (ids.participant, ids.study, ids.session)


@dataclass(frozen=True)
class Browser:
    """What is known of the browser that comes by a link.

    network: the pseudonym of its network (`network_pseudonym`), None while Redis is away; visits: those that it was let
    into before, by id; code: the resume code that was typed.
    """

    network: str | None = None
    visits: Collection[int] = ()
    code: str = ""


def count_start(study: Study, browser: Browser) -> None:
    """Count an unverified visit that begins. Raises TooManyFromNetwork, so the caller's transaction stores nothing.

    While Redis is away everybody is let in: that places are held for five minutes only, and how many of them, is kept
    by the database.
    """
    if browser.network is None:
        return
    counted = redis_counters.count(f"starts:{study.pk}:{browser.network}", redis_counters.DAY_S)
    if counted is not None and counted.n > starts_allowed(study):
        logger.warning("study %s: a start was refused, since its network has used up its starts", study.slug)
        raise TooManyFromNetwork(counted.seconds_left)


def refuse_stranger(session: AnnotationSession, ids: OutsideIds, token: str, browser: Browser) -> None:
    """Refuse who comes from another browser, and can neither prove whose link it is nor give the visit's resume code.

    Before consent there is nothing to protect. It may ask Prolific, so hold no transaction. Raises ResumeCodeNeeded,
    ResumeCodeWrong, TooManyResumeCodes, and Withdrawn for a visit that was ended so.
    """
    if session.consented_at is None or session.pk in browser.visits:
        return
    if browser.code:
        check_resume_code(session, browser)
    elif verification_of(session.study, ids, token) == EntryVerification.UNVERIFIED:
        raise Withdrawn if session.stage == Stage.WITHDRAWN else ResumeCodeNeeded


def check_resume_code(session: AnnotationSession, browser: Browser) -> None:
    """Raise ResumeCodeWrong unless the browser gave the visit's code, and TooManyResumeCodes after too many."""
    # By network, so that no stranger can use up the tries of whoever knows the code.
    window = f"resume:{session.pk}:{browser.network}"
    tried = None if browser.network is None else redis_counters.count(window, CODES_WINDOW_S)
    if tried is not None and tried.n > CODES_TRIED:
        raise TooManyResumeCodes(tried.seconds_left)
    if not is_resume_code(session, browser.code):
        raise ResumeCodeWrong
