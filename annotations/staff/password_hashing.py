"""Password hashers that bound how many hashes a process computes at once (decision 0029).

A hash takes memory and processor time on purpose, and anybody may ask for one by trying to sign in. Django computes
one for an unknown name too, and for every password that is set, so the bound lies in the hashers themselves.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.contrib.auth.hashers import Argon2PasswordHasher, PBKDF2PasswordHasher

from annotations.base.service_errors import TryAgainLater

AT_ONCE = 2
WAITING = 2  # so that a flood of sign-ins leaves the other threads to participants
MAX_WAIT_S = 1.0
RETRY_AFTER_S = 2

_admitted = BoundedSemaphore(AT_ONCE + WAITING)
_computing = BoundedSemaphore(AT_ONCE)


class HashingBusy(TryAgainLater, code="hashing_busy", status=503):
    """Too many passwords are being checked at once; nothing was checked or changed."""

    sentence = "Many people are signing in at the moment, so nothing was changed. Try again in a few seconds."


@contextmanager
def one_of_few() -> Iterator[None]:
    """Hold one of the process's few places for hashing. Raises HashingBusy."""
    if not _admitted.acquire(blocking=False):
        raise HashingBusy(RETRY_AFTER_S)
    try:
        if not _computing.acquire(timeout=MAX_WAIT_S):
            raise HashingBusy(RETRY_AFTER_S)
        try:
            yield
        finally:
            _computing.release()
    finally:
        _admitted.release()


class BoundedArgon2(Argon2PasswordHasher):
    """Argon2id as OWASP recommends it where memory is short: 19 MiB in place of Django's 100 MiB."""

    time_cost, memory_cost, parallelism = 2, 19_456, 1

    encode = one_of_few()(Argon2PasswordHasher.encode)
    verify = one_of_few()(Argon2PasswordHasher.verify)


class BoundedPBKDF2(PBKDF2PasswordHasher):
    """For hashes of older sites, which sign-in replaces. Its `verify` and `harden_runtime` call `encode`."""

    encode = one_of_few()(PBKDF2PasswordHasher.encode)
