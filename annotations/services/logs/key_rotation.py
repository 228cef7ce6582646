"""Sealing anew what IDENTITY_KEYS seal, under the newest of them, so that an older one can be retired.

That is people's keys and the secrets of the staff's authenticator apps. What a person's key sealed stays as it is: only
the seal around the key changes (docs/decisions/0007).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection
from django.db.models import Model

from annotations.models import IdentityKey, TotpDevice
from annotations.services.common.service_errors import IdentityUnreadable
from annotations.services.logs import identities

BATCH = 500
SEALED: tuple[tuple[type[Model], str], ...] = ((IdentityKey, "sealed_key"), (TotpDevice, "sealed_secret"))


@dataclass(frozen=True)
class Seals:
    """How many keys and secrets are sealed under the newest of IDENTITY_KEYS, under an older one, and under none."""

    newest: int
    older: int
    unknown: int


def reseal() -> int:
    """Seal under the newest key what is sealed under an older one; returns how many keys and secrets that were.

    What is done already is passed over, so that it goes on where it stopped. Each key is replaced by one conditional
    UPDATE of its own: nobody who arrives waits for it, and one that was destroyed or replaced meanwhile stays so.
    """
    return sum(
        _replace(model, column, pk, sealed)
        for model, column, pk, sealed in _sealed_rows()
        if not identities.is_under_newest(sealed)
    )


def count() -> Seals:
    """Return how keys and secrets are sealed now."""
    newest = older = unknown = 0
    for _model, _column, _pk, sealed in _sealed_rows():
        if identities.is_under_newest(sealed):
            newest += 1
        elif identities.is_readable(sealed):
            older += 1
        else:
            unknown += 1
    return Seals(newest, older, unknown)


def _sealed_rows() -> Iterator[tuple[type[Model], str, int, bytes]]:
    tables = connection.introspection.table_names()  # before a migration, one of them may not be there yet
    for model, column in SEALED:
        if model._meta.db_table in tables:
            yield from ((model, column, pk, sealed) for pk, sealed in _values(model, column))


def _values(model: type[Model], column: str) -> Iterator[tuple[int, bytes]]:
    """Every value by its row's id, a batch at a time without a transaction around them; later rows come last."""
    last = 0
    rows = model._default_manager.order_by("pk").values_list("pk", column)
    while batch := list(rows.filter(pk__gt=last)[:BATCH]):
        for pk, sealed in batch:
            yield pk, bytes(sealed)
        last = batch[-1][0]


def _replace(model: type[Model], column: str, pk: int, sealed: bytes) -> int:
    try:
        anew = identities.resealed(sealed)
    except IdentityUnreadable:
        return 0  # `count` tells of it
    return model._default_manager.filter(pk=pk, **{column: sealed}).update(**{column: anew})
