"""Ids from outside, such as Prolific's, and the pseudonym that stands for one here."""

import base64
import hashlib
import hmac
from typing import NamedTuple

from annotations.models import Study

_PSEUDONYM_DIGITS = 12  # of base32: 60 bits


class OutsideIds(NamedTuple):
    """The three ids that a person arrives with. On Prolific the session is the submission."""

    participant: str
    study: str
    session: str


def pseudonym(study: Study, kind: str, outside_id: str) -> str:
    """Return `kind` and 12 base32 digits of HMAC-SHA256(the study's key, the id): the same id, the same pseudonym."""
    digest = hmac.digest(study.pseudonym_key.encode(), outside_id.encode(), hashlib.sha256)
    return kind + base64.b32encode(digest).decode()[:_PSEUDONYM_DIGITS]
