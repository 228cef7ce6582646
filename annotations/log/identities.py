"""Sealing what ties data to a person: the ids from outside, and personal text in the event log.

Each person has a random key of their own in each study (`IdentityKey`), stored sealed under the site's IDENTITY_KEYS.
Deleting that one row makes everything that it sealed unreadable, also in backups that hold the table without it. The
site's keys seal two other secrets: a study's key (`pseudonym`) and a visit's withdrawal token (`withdrawal`).
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from annotations.base.service_errors import IdentityDestroyed, IdentityUnreadable
from annotations.models import IdentityKey, Study, seals
from annotations.prolific_client.outside_ids import is_outside_id

_DIGITS = 12  # of base32: 60 bits


def seal(study: Study, pseudonym: str, content: Mapping[str, Any]) -> bytes:
    """Return `content` as JSON under the person's key, which is made the first time."""
    return opened(bytes(keys_of(study, {pseudonym})[pseudonym].sealed_key)).seal(content)


def keys_of(study: Study, pseudonyms: Set[str]) -> dict[str, IdentityKey]:
    """Return people's keys by their pseudonyms, and make those that are not there yet."""
    keys = {key.pseudonym: key for key in IdentityKey.objects.filter(study=study, pseudonym__in=pseudonyms)}
    for pseudonym in pseudonyms - keys.keys():
        keys[pseudonym], _created = IdentityKey.objects.get_or_create(
            study=study, pseudonym=pseudonym, defaults={"sealed_key": new_sealed_key()}
        )
    return keys


def unseal(study: Study, pseudonym: str, sealed: bytes) -> dict[str, Any]:
    """Return what `seal` was given.

    Raises IdentityDestroyed once the person's key is gone, IdentityUnreadable where the site's key is another one.
    """
    key = IdentityKey.objects.filter(study=study, pseudonym=pseudonym).first()
    if key is None:
        raise IdentityDestroyed
    return opened(bytes(key.sealed_key)).unseal(sealed)


def destroy(study: Study, pseudonym: str) -> bool:
    """Delete the person's key, and say whether there was one. Nothing that it sealed can be read again."""
    deleted, _by_model = IdentityKey.objects.filter(study=study, pseudonym=pseudonym).delete()
    return deleted > 0


def new_sealed_key() -> bytes:
    """Return a new random key, sealed under the newest of the site's keys."""
    return seals.seal(Fernet.generate_key())


def unseal_for_site(sealed: bytes | memoryview) -> bytes:
    """Return what `seals.seal` was given; raises IdentityUnreadable where the site's keys are others."""
    try:
        return seals.site_keys().decrypt(bytes(sealed))
    except InvalidToken as error:
        raise IdentityUnreadable from error


def sealed_under(sealed: bytes) -> Literal["newest", "older", "none"]:
    """Say which of the site's keys opens a secret."""
    with suppress(InvalidToken):
        Fernet(settings.IDENTITY_KEYS[0]).decrypt(sealed)
        return "newest"
    with suppress(InvalidToken):
        seals.site_keys().decrypt(sealed)
        return "older"
    return "none"


def resealed(sealed: bytes) -> bytes:
    """Return a secret sealed under the newest of the site's keys; raises IdentityUnreadable where none opens it."""
    try:
        return seals.site_keys().rotate(sealed)
    except InvalidToken as error:
        raise IdentityUnreadable from error


@dataclass(frozen=True)
class OpenedKey:
    """A person's key, opened once for all that it seals: to open it takes as long as to unseal an event."""

    fernet: Fernet

    def seal(self, content: Mapping[str, Any]) -> bytes:
        """Return `content` as JSON under the key."""
        return self.fernet.encrypt(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())

    def unseal(self, sealed: bytes) -> dict[str, Any]:
        """Return what `seal` was given; raises IdentityUnreadable where it was made under another key."""
        try:
            content: dict[str, Any] = json.loads(self.fernet.decrypt(sealed))
        except InvalidToken as error:
            raise IdentityUnreadable from error
        return content


def opened(sealed_key: bytes) -> OpenedKey:
    """Open a key that is itself sealed; raises IdentityUnreadable where the site's keys are others."""
    return OpenedKey(Fernet(unseal_for_site(sealed_key)))


def pseudonym(study: Study, kind: str, outside_id: str) -> str:
    """Return `kind` and 12 base32 digits of HMAC-SHA256(the study's key, the id): the same id, the same pseudonym.

    Raises IdentityDestroyed once the key is destroyed, IdentityUnreadable where the site's keys are others.
    """
    digest = hmac.digest(key_of(study), outside_id.encode(), hashlib.sha256)
    return kind + base64.b32encode(digest).decode()[:_DIGITS]


def names_of(study: Study, wanted: str) -> set[str]:
    """Return the pseudonyms of whoever is looked up, by a pseudonym or by an id from outside, which is forgotten."""
    wanted = wanted.strip()
    is_id = study.keeps_ids and is_outside_id(wanted)
    return {wanted.upper(), *([pseudonym(study, "P", wanted)] if is_id else ())}


def key_of(study: Study) -> bytes:
    """Return the key of a study; raises as `pseudonym` does."""
    if not study.keeps_ids:
        raise IdentityDestroyed
    return unseal_for_site(study.sealed_pseudonym_key)
