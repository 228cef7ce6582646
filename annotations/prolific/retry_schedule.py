"""How long what was asked of Prolific is tried, and when next: requests and bonuses alike."""

import datetime as dt
import random
from typing import Final

from annotations.prolific_client.prolific_errors import ProlificError, backoff

MAX_TRIES: Final = 18  # the waits between them: 2 h 51 min to 5 h 42 min in all, and what Prolific asks for beside
LEASE: Final = dt.timedelta(minutes=5)  # after which what was claimed is due again, whatever became of its worker
TOKEN_WAIT: Final = dt.timedelta(minutes=5)
_BASE_S, _MAX_WAIT_S = 20.0, 30 * 60.0
_FLOOR = 0.5  # without one, all tries could fall into the first minutes of an outage


def next_try_in(error: ProlificError, attempts: int) -> dt.timedelta:
    """Return the wait after `attempts` failures, the last of them by `error`.

    Uniform in the upper half of [0, min(30 min, 20 s · 2**(attempts - 1))], and what Prolific asked for beside.
    """
    longest = backoff(attempts, _BASE_S, _MAX_WAIT_S)
    return dt.timedelta(seconds=random.uniform(_FLOOR * longest, longest) + (error.retry_after or 0))  # noqa: S311 - no secret
