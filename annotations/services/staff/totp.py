"""Time-based codes (RFC 6238) of a device: its secret, which is stored sealed, and which codes are right now."""

import base64
import secrets
import time
from typing import Any
from urllib.parse import quote, urlencode

from django_otp.oath import TOTP

from annotations.models import TotpDevice, seals
from annotations.services.logs import identities

DIGITS = 6
STEP_S = 30
TOLERANCE = 1  # steps that a phone's clock may be early or late
MAX_WRONG = 10  # from then on the wait stays at 2**9 s: whoever has the password cannot keep its owner out for days
_ISSUER = "Clarify"
_SECRET_BYTES = 20


def new_device(user: Any) -> TotpDevice:
    """Store a device with a new secret, which waits for its first code."""
    sealed = seals.seal(secrets.token_bytes(_SECRET_BYTES))
    device = TotpDevice(user=user, name="app", confirmed=False, sealed_secret=sealed)
    device.save()
    return device


def base32_secret(device: TotpDevice) -> str:
    """Return the secret as people type it into an app."""
    return base64.b32encode(_secret(device)).decode()


def setup_uri(device: TotpDevice) -> str:
    """Return what a QR code tells an app."""
    label = quote(f"{_ISSUER}:{device.user.get_username()}")
    query = {"secret": base32_secret(device), "algorithm": "SHA1", "digits": DIGITS, "period": STEP_S}
    return f"otpauth://totp/{label}?{urlencode({**query, 'issuer': _ISSUER})}"


def looks_like_code(text: str) -> bool:
    """Say whether a text is as long as a code, and of digits."""
    return len(text) == DIGITS and text.isascii() and text.isdecimal()


def is_right(device: TotpDevice, code: str) -> bool:
    """Say whether a code is right now, and leave it unused."""
    return _matched(device, code) is not None


def use(device: TotpDevice, code: str) -> bool:
    """Say whether a code is right and use it up; a wrong one makes the next wait. The caller has locked the device."""
    if not device.verify_is_allowed()[0]:
        return False
    totp = _matched(device, code)
    if totp is None:
        device.throttling_failure_count = min(device.throttling_failure_count, MAX_WRONG - 1)
        device.throttle_increment()
        return False
    device.last_step, device.drift = totp.t(), totp.drift
    device.throttle_reset(commit=False)
    device.save()
    return True


def _matched(device: TotpDevice, code: str) -> TOTP | None:
    """The step that a code belongs to; None for one that is wrong, too old, or not later than the last one."""
    if not looks_like_code(code):
        return None
    totp = TOTP(_secret(device), STEP_S, digits=DIGITS, drift=device.drift)
    totp.time = time.time()
    return totp if totp.verify(int(code), TOLERANCE, device.last_step + 1) else None


def _secret(device: TotpDevice) -> bytes:
    return identities.unseal_for_site(bytes(device.sealed_secret))
