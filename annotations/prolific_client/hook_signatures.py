"""Whether a webhook is Prolific's: base64(HMAC-SHA256(secret, timestamp + raw body))."""

import base64
import datetime as dt
import hashlib
import hmac

from annotations.prolific_client.payloads import moment


class HookNotSigned(Exception):
    """It has no signature, somebody else made it, or it was changed."""


class SignatureStale(HookNotSigned):
    """It was signed too long ago, or in the future."""


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature of a body, of the bytes as they came."""
    digest = hmac.digest(secret.encode(), timestamp.encode() + body, hashlib.sha256)
    return base64.b64encode(digest).decode()


def verify(
    secret: str, *, timestamp: str, body: bytes, given: str, now: dt.datetime, tolerance: dt.timedelta
) -> dt.datetime:
    """Return when it was signed; raises a HookNotSigned. `tolerance`: how far that may be from now."""
    if not timestamp or not hmac.compare_digest(signature(secret, timestamp, body).encode(), given.encode()):
        raise HookNotSigned
    signed_at = moment(timestamp)
    if signed_at is None or abs(now - signed_at) > tolerance:
        raise SignatureStale
    return signed_at
