"""How many people a study turned away, and why: for *Live*. It decides nothing.

Redis counts the links of each reason with a HyperLogLog, which holds none of them. A link that is refused twice counts
once. While Redis is away nothing is counted.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from annotations.base import redis_counters
from annotations.base.service_errors import (
    EntryNotVerified,
    InvitationUsed,
    PlacesHeld,
    ServiceError,
    StudyFull,
    TooManyFromNetwork,
)
from annotations.models import Study

KEPT_DAYS = 90  # after the last one
REASONS: dict[type[ServiceError], str] = {
    TooManyFromNetwork: "too many starts from their network in a day",
    PlacesHeld: "told to wait: plain links held their share of the places",
    StudyFull: "all places were taken",
    EntryNotVerified: "Prolific did not vouch for their link",
    InvitationUsed: "their invitation was used before",
}


@contextmanager
def counted(study: Study, link: str) -> Iterator[None]:
    """Count the link's person as turned away where the block refuses them. link: the pseudonym of its submission."""
    try:
        yield
    except tuple(REASONS) as error:
        redis_counters.count_distinct(_key(study, type(error)), link, KEPT_DAYS * redis_counters.DAY_S)
        raise


def counts(study: Study) -> list[tuple[str, int]]:
    """Return why people were turned away, and how many links of each reason; only reasons that occurred."""
    found = ((words, redis_counters.distinct(_key(study, error))) for error, words in REASONS.items())
    return [(words, n) for words, n in found if n]


def _key(study: Study, error: type[ServiceError]) -> str:
    return f"turned_away:{study.pk}:{error.code}"
