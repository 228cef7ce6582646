"""How sure it is that a person comes from Prolific: a signed link, then its API's word, then the address alone."""

import logging

from annotations.models import EntryVerification, Study
from annotations.prolific.link_keys import KeysUnavailable
from annotations.prolific.signed_links import LinkNotSigned, SignedEntry
from annotations.readings.prolific.external_ids import OutsideIds
from annotations.services.common.service_errors import EntryNotVerified
from annotations.services.prolific import prolific_client, submissions

logger = logging.getLogger(__name__)


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
        logger.warning("signed link rejected: %s", type(error).__name__)
        return None


def _is_for(signed: SignedEntry, ids: OutsideIds) -> bool:
    """Whether the token names this submission, and no other person or study where it names them at all."""
    named = (signed.participant_id or ids.participant, signed.study_id or ids.study, signed.session_id)
    return named == (ids.participant, ids.study, ids.session)
