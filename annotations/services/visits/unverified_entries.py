"""Entries that nobody vouches for: how many begin from one network, and who goes on with a visit in another browser.

Ids in a link can be invented. Whoever comes by a signed link, or is known to Prolific's API, is asked for nothing here
(docs/decisions/0031).
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings

from annotations.models import AnnotationSession, EntryVerification, Stage, Study
from annotations.readings.prolific.external_ids import OutsideIds
from annotations.readings.visits.resume_codes import is_resume_code
from annotations.services.common import redis_counters
from annotations.services.common.service_errors import (
    ResumeCodeNeeded,
    ResumeCodeWrong,
    TooManyFromNetwork,
    TooManyResumeCodes,
    Withdrawn,
)
from annotations.services.visits import entry_verification

DAY_S = 24 * 3600
QUOTA_SHARE = 10  # in a large study one network may start as many visits as one in so many of its places
CODES_TRIED, CODES_WINDOW_S = 10, 600  # of one visit, from one network

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Browser:
    """What is known of the browser that comes by a link.

    network: the pseudonym of its network (`source_networks`), None while Redis is away; visits: those that it was let
    into before, by id; code: the resume code that was typed.
    """

    network: str | None = None
    visits: Collection[int] = ()
    code: str = ""


def starts_allowed(study: Study) -> int:
    """Return how many unverified visits to a study may begin from one network in a day."""
    return max(settings.UNVERIFIED_STARTS_PER_NETWORK, (study.quota or 0) // QUOTA_SHARE)


def count_start(study: Study, browser: Browser) -> None:
    """Count an unverified visit that begins. Raises TooManyFromNetwork, so the caller's transaction stores nothing.

    While Redis is away everybody is let in: that places are held for five minutes only, and how many of them, is kept
    by the database.
    """
    if browser.network is None:
        return
    counted = redis_counters.count(f"starts:{study.pk}:{browser.network}", DAY_S)
    if counted is not None and counted.n > starts_allowed(study):
        logger.warning("study %s: a start was refused, since its network has used up its starts", study.slug)
        raise TooManyFromNetwork


def refuse_stranger(session: AnnotationSession, ids: OutsideIds, token: str, browser: Browser) -> None:
    """Refuse who comes from another browser, and can neither prove whose link it is nor give the visit's resume code.

    Before consent there is nothing to protect. It may ask Prolific, so hold no transaction. Raises ResumeCodeNeeded,
    ResumeCodeWrong, TooManyResumeCodes, and Withdrawn for a visit that was ended so.
    """
    if session.consented_at is None or session.pk in browser.visits:
        return
    if not browser.code:
        if entry_verification.verification_of(session.study, ids, token) == EntryVerification.UNVERIFIED:
            raise Withdrawn if session.stage == Stage.WITHDRAWN else ResumeCodeNeeded
        return
    # By network, so that no stranger can use up the tries of whoever knows the code.
    window = f"resume:{session.pk}:{browser.network}"
    tried = None if browser.network is None else redis_counters.count(window, CODES_WINDOW_S)
    if tried is not None and tried.n > CODES_TRIED:
        raise TooManyResumeCodes(tried.seconds_left)
    if not is_resume_code(session, browser.code):
        raise ResumeCodeWrong
