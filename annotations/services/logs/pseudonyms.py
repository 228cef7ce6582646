"""Pseudonyms, which stand for ids from outside such as Prolific's, and the study's own key that makes them.

The key is stored sealed under the site's IDENTITY_KEYS: who reads the database alone cannot tell whose a pseudonym is
by trying ids (docs/decisions/0026).
"""

import base64
import hashlib
import hmac

from annotations.models import Study
from annotations.prolific.id_format import is_outside_id
from annotations.services.common.service_errors import IdentityDestroyed
from annotations.services.logs import identities

_DIGITS = 12  # of base32: 60 bits


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
    return identities.unseal_for_site(study.sealed_pseudonym_key)
