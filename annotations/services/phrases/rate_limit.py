"""How many phrases one participant may send in a minute: far more than anybody types, far less than a program sends.

It protects the site and decides nothing about anybody's work, so while Redis is away everything is let through.
"""

from django.conf import settings

from annotations.models import AnnotationSession
from annotations.services.common import redis_counters
from annotations.services.common.service_errors import TooFast

WINDOW_S = 60


def check_rate_limit(session: AnnotationSession) -> None:
    """Count one phrase that a visit's participant sends. Raises TooFast above PHRASES_PER_MINUTE."""
    sent = redis_counters.count(f"phrases:{session.participant_id}", WINDOW_S)
    if sent is not None and sent.n > settings.PHRASES_PER_MINUTE:
        raise TooFast(sent.seconds_left)
