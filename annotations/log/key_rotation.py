"""Sealing anew what IDENTITY_KEYS seal, under the newest of them, so that an older one can be retired.

That is keys, tokens and the secrets of the staff's authenticator apps. What a person's key sealed stays as it is: only
the seal around the key changes (docs/decisions/0007).
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection
from django.db.models import Model

from annotations.base.service_errors import IdentityUnreadable
from annotations.log import identities
from annotations.models import AnnotationSession, IdentityKey, Study, TotpDevice

BATCH = 500
SEALED: tuple[tuple[type[Model], str], ...] = (
    (IdentityKey, "sealed_key"),
    (Study, "sealed_pseudonym_key"),
    (AnnotationSession, "sealed_withdrawal_token"),
    (TotpDevice, "sealed_secret"),
)


@dataclass(frozen=True)
class Seals:
    """How many secrets are sealed under the newest of IDENTITY_KEYS, under an older one, and under none."""

    newest: int
    older: int
    unknown: int


_Secret = tuple[type[Model], str, int, bytes]  # its model, column and row, and what is stored there


def reseal() -> int:
    """Seal under the newest key what is sealed under an older one; returns how many secrets that were.

    What is done already is passed over, so that it goes on where it stopped. Each secret is replaced by one conditional
    UPDATE of its own: nobody who arrives waits for it, and one that was destroyed or replaced meanwhile stays so.
    """
    return sum(_replace(*secret) for secret in _secrets() if identities.sealed_under(secret[-1]) != "newest")


def count() -> Seals:
    """Return how the secrets are sealed now."""
    found = Counter(identities.sealed_under(value) for *_, value in _secrets())
    return Seals(found["newest"], found["older"], found["none"])


def _secrets() -> Iterator[_Secret]:
    """Every secret that is there; before a migration, a table or column may not be there yet."""
    tables = connection.introspection.table_names()
    for model, column in SEALED:
        if model._meta.db_table in tables and _has(model, column):
            yield from _of(model, column)


def _has(model: type[Model], column: str) -> bool:
    with connection.cursor() as cursor:
        there = connection.introspection.get_table_description(cursor, model._meta.db_table)
    return column in {each.name for each in there}


def _of(model: type[Model], column: str) -> Iterator[_Secret]:
    """Each by its row's id, a batch at a time without a transaction around them; later rows come last."""
    last = 0
    rows = model._default_manager.order_by("pk").exclude(**{column: b""}).exclude(**{column: None})
    while batch := list(rows.filter(pk__gt=last).values_list("pk", column)[:BATCH]):
        for pk, value in batch:
            yield model, column, pk, bytes(value)
        last = batch[-1][0]


def _replace(model: type[Model], column: str, pk: int, value: bytes) -> int:
    try:
        anew = identities.resealed(value)
    except IdentityUnreadable:
        return 0  # `count` tells of it
    return model._default_manager.filter(**{"pk": pk, column: value}).update(**{column: anew})
