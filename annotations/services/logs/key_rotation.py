"""Sealing people's keys anew under the newest of IDENTITY_KEYS, so that an older one can be retired.

What a person's key sealed stays as it is: only the seal around the key changes (docs/decisions/0007).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from annotations.models import IdentityKey
from annotations.services.common.service_errors import IdentityUnreadable
from annotations.services.logs import identities

BATCH = 500


@dataclass(frozen=True)
class Seals:
    """How many people's keys are sealed under the newest of IDENTITY_KEYS, under an older one, and under none."""

    newest: int
    older: int
    unknown: int


def reseal() -> int:
    """Seal under the newest key what is sealed under an older one; returns how many people's keys that were.

    What is done already is passed over, so that it goes on where it stopped. Each key is replaced by one conditional
    UPDATE of its own: nobody who arrives waits for it, and a key that was destroyed or replaced meanwhile stays so.
    """
    return sum(_replace(pk, sealed_key) for pk, sealed_key in _keys() if not identities.is_under_newest(sealed_key))


def count() -> Seals:
    """Return how people's keys are sealed now."""
    newest = older = unknown = 0
    for _pk, sealed_key in _keys():
        if identities.is_under_newest(sealed_key):
            newest += 1
        elif identities.is_readable(sealed_key):
            older += 1
        else:
            unknown += 1
    return Seals(newest, older, unknown)


def _keys() -> Iterator[tuple[int, bytes]]:
    """Every key by its id, a batch at a time without a transaction around them; those that come meanwhile come last."""
    last = 0
    while batch := list(IdentityKey.objects.filter(pk__gt=last).order_by("pk").values_list("pk", "sealed_key")[:BATCH]):
        for pk, sealed_key in batch:
            yield pk, bytes(sealed_key)
        last = batch[-1][0]


def _replace(pk: int, sealed_key: bytes) -> int:
    try:
        anew = identities.resealed(sealed_key)
    except IdentityUnreadable:
        return 0  # `count` tells of it
    return IdentityKey.objects.filter(pk=pk, sealed_key=sealed_key).update(sealed_key=anew)
