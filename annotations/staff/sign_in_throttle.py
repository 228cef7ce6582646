"""How often somebody may try to sign in, by network and name (decision 0029).

Nothing locks an account. Each try has to wait longer than the last, unless it has a right code of the account's second
factor. While Redis is away nothing is counted; the bound on concurrent hashes still holds.
"""

from collections.abc import Callable

from django.conf import settings

from annotations.base import redis_counters
from annotations.base.redis_counters import network_pseudonym
from annotations.base.service_errors import TryAgainLater

NETWORK_TRIES, NETWORK_WINDOW_S = 60, 300  # of all names: a laboratory is one network
NAME_TRIES, NAME_WAITS_S = 100, (1, 60)  # of all networks
WAITS_S = (1, 15 * 60)  # of a name from one network, after SIGN_IN_TRIES
MEMORY_S = 60 * 60


class SignInTooSoon(TryAgainLater, code="sign_in_too_soon"):
    """Too many tries came before this one; its password was not looked at."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(
            retry_after_s,
            f"There were too many tries to sign in. Wait {retry_after_s} s, then try again. If two-factor sign-in is "
            "on for your account, enter a current code beside the password: then you need not wait.",
        )


def admit(name: str, address: str, *, has_right_code: Callable[[], bool]) -> None:
    """Count a try to sign in. Raises SignInTooSoon if it has to wait."""
    account = redis_counters.daily_pseudonym(f"account {name}")
    if account is None:
        return
    wait_s = _wait(account, network_pseudonym(address))
    if wait_s and not (has_right_code() and _may_follow_a_right_code(account)):
        raise SignInTooSoon(wait_s)


def admitted(name: str, address: str) -> None:
    """Forget the tries of a name, after one that was right; other networks still wait."""
    account, network = redis_counters.daily_pseudonym(f"account {name}"), network_pseudonym(address)
    if account is not None:
        for key in (_pair(account, network), _with_code(account), _in_all(account)):
            redis_counters.forget(key)


def _wait(account: str, network: str | None) -> int:
    """Seconds to wait; what has to wait by one rule is not counted by the next."""
    of_network = network and redis_counters.count(f"sign-in:network:{network}", NETWORK_WINDOW_S)
    if of_network and of_network.n > NETWORK_TRIES:
        return of_network.seconds_left
    of_pair = _growing_wait(_pair(account, network), settings.SIGN_IN_TRIES, WAITS_S)
    return of_pair or _growing_wait(_in_all(account), NAME_TRIES, NAME_WAITS_S)


def _growing_wait(key: str, free: int, waits_s: tuple[int, int]) -> int:
    """Begin an attempt and return 0, or the seconds that it has to wait; 0 while Redis is away."""
    return redis_counters.attempt(key, free=free, waits_s=waits_s, memory_s=MEMORY_S) or 0


def _may_follow_a_right_code(account: str) -> bool:
    """Count a try with a right code: a stolen phone must not allow endless guesses of the password."""
    return not _growing_wait(_with_code(account), settings.SIGN_IN_TRIES, WAITS_S)


def _pair(account: str, network: str | None) -> str:
    return f"sign-in:pair:{account}:{network or ''}"


def _in_all(account: str) -> str:
    return f"sign-in:name:{account}"


def _with_code(account: str) -> str:
    return f"sign-in:code:{account}"
