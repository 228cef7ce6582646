"""How many phrases one participant may send in a minute: far more than anybody types, far less than a program sends.

An atomic counter in Redis, by participant. It guards the site and decides nothing about anybody's work, so while Redis
does not answer everything is let through, with a line in the log.
"""

import logging
from functools import lru_cache

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from annotations.models import AnnotationSession
from annotations.services.common.circuit_breaker import CircuitBreaker
from annotations.services.common.service_errors import TooFast

WINDOW_S = 60
_LONGEST_WAIT_S = 0.25
# One step: a counter that was made without an end would stay for ever.
_COUNT = """
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return {n, redis.call('TTL', KEYS[1])}
"""

logger = logging.getLogger(__name__)
redis_circuit = CircuitBreaker(seconds=2.0)


def check_rate_limit(session: AnnotationSession) -> None:
    """Count one phrase that a visit's participant sends. Raises TooFast above PHRASES_PER_MINUTE."""
    if redis_circuit.is_open():
        return
    try:
        sent, seconds_left = _redis().eval(_COUNT, 1, f"clarify:phrases:{session.participant_id}", WINDOW_S)
    except RedisError as error:
        redis_circuit.open()
        logger.warning(
            "phrase rate limit suspended for %g s: Redis failed (%s)", redis_circuit.seconds, type(error).__name__
        )
        return
    if sent > settings.PHRASES_PER_MINUTE:
        raise TooFast(max(1, seconds_left))


@lru_cache(maxsize=1)
def _redis() -> Redis:
    timeouts = {"socket_timeout": _LONGEST_WAIT_S, "socket_connect_timeout": _LONGEST_WAIT_S}
    return Redis.from_url(settings.REDIS_URL, retry=Retry(NoBackoff(), 0), **timeouts)
