"""What a study allows people who come by plain links, for whom nobody vouches (docs/decisions/0031)."""

from django.conf import settings

from annotations.models import Study

SHARE_OF_OPEN = 4  # such people hold at most one in so many of the open places at once, and one at least
SHARE_OF_QUOTA = 10  # in a large study one network may start as many visits as one in so many of its places


def starts_allowed(study: Study) -> int:
    """Return how many such visits to a study may begin from one network in a day."""
    return max(settings.UNVERIFIED_STARTS_PER_NETWORK, (study.quota or 0) // SHARE_OF_QUOTA)


def places_allowed(n_open: int) -> int:
    """Return how many of the open places such people may hold at once."""
    return max(1, n_open // SHARE_OF_OPEN)


def limits_in_words(study: Study) -> str:
    """Return the limits of this study in a line; empty where only verified people enter.

    The limit on a network is left out where it lets as many start as there are places.
    """
    if study.only_verified:
        return ""
    starts = starts_allowed(study)
    if study.quota is None:
        return f"at most {starts:,} a day without an invitation can start from one network"
    share = f"{places_allowed(study.quota)} of {study.quota} places"
    together = f"people without an invitation together hold at most {share} at a time"
    return together if starts >= study.quota else f"{together}, and at most {starts:,} a day can start from one network"
