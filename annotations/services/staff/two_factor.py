"""The second factor of the staff: a time-based code of an app (RFC 6238), and recovery codes for a lost phone."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from annotations.services.common.service_errors import ServiceError
from annotations.services.logs import audit

N_RECOVERY_CODES = 8
_DIGITS = 6
_MEMO = "_is_password_enough"


class CodeNotRight(ServiceError):
    """A code of the second factor is wrong, was used before, or came while too many wrong ones had come."""

    code = "code_not_right"
    status = 400
    sentence = (
        "This code is wrong or was used before. Wait for the next code. After several wrong codes, wait a "
        "little longer."
    )


@dataclass(frozen=True)
class Enrolment:
    """What an app needs to make codes, before its first code has been seen."""

    uri: str
    secret: str


def is_enrolled(user: AbstractBaseUser) -> bool:
    """Say whether a person's sign-in asks for a code."""
    return TOTPDevice.objects.filter(user_id=user.pk, confirmed=True).exists()


def is_passed(user: Any) -> bool:
    """Say whether this sign-in gave all that it must: a code of whoever enrolled, and where the site requires it.

    The user of a request is asked once: a page checks permissions many times.
    """
    if not hasattr(user, "is_verified"):  # which the middleware sets on the user of a request
        return _is_password_enough(user)
    if not user.is_verified() and not hasattr(user, _MEMO):
        setattr(user, _MEMO, _is_password_enough(user))
    return user.is_verified() or bool(getattr(user, _MEMO))


def _is_password_enough(user: Any) -> bool:
    return not settings.REQUIRE_TWO_FACTOR and user.is_authenticated and not is_enrolled(user)


def must_enrol(user: Any) -> bool:
    """Say whether a person has signed in by password alone where the site asks for more, and has nothing more yet."""
    is_active_staff = user.is_authenticated and user.is_active and user.is_staff
    return bool(is_active_staff) and settings.REQUIRE_TWO_FACTOR and not is_enrolled(user)


def n_recovery_codes(user: AbstractBaseUser) -> int:
    """How many recovery codes a person has left."""
    return StaticToken.objects.filter(device__user_id=user.pk).count()


def begin(user: AbstractBaseUser) -> Enrolment:
    """Return a new secret, or the one that still waits for its first code."""
    device = TOTPDevice.objects.filter(user_id=user.pk, confirmed=False).first()
    if device is None:
        device = TOTPDevice.objects.create(user=user, name="app", confirmed=False)
    return Enrolment(device.config_url, _base32(device))


def confirm(user: Any, code: str) -> tuple[TOTPDevice, list[str]]:
    """Switch the second factor on, once the app's first code is right; returns the device and new recovery codes.

    Raises CodeNotRight.
    """
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().filter(user_id=user.pk, confirmed=False).first()
        if device is not None and _is_right(device, _plain(code)):
            TOTPDevice.objects.filter(user_id=user.pk, confirmed=True).delete()
            device.confirmed = True
            device.save()
            codes = _new_recovery_codes(user)
            audit.record("two_factor_on", study=None, by=user.get_username())
            return device, codes
    raise CodeNotRight  # after the commit, so that the failed try counts


def verify(user: AbstractBaseUser, code: str) -> TOTPDevice | StaticDevice:
    """Return the device whose code this is. Raises CodeNotRight, also while too many wrong ones came in a row."""
    plain = _plain(code)
    kind = TOTPDevice if len(plain) == _DIGITS and plain.isdecimal() else StaticDevice
    with transaction.atomic():
        device = kind.objects.select_for_update().filter(user_id=user.pk, confirmed=True).first()
        if device is not None and _is_right(device, plain if kind is TOTPDevice else _stored(plain)):
            found: TOTPDevice | StaticDevice = device
            return found
    raise CodeNotRight  # after the commit, so that the failed try counts


def switch_off(user: Any, *, by: str) -> None:
    """Forget a person's app and recovery codes."""
    with transaction.atomic():
        for kind in (TOTPDevice, StaticDevice):
            kind.objects.filter(user_id=user.pk).delete()
        audit.record("two_factor_off", study=None, by=by, subject=user.get_username())


def _new_recovery_codes(user: Any) -> list[str]:
    StaticDevice.objects.filter(user_id=user.pk).delete()
    device = StaticDevice.objects.create(user=user, name="recovery codes")
    codes = [secrets.token_hex(5) for _ in range(N_RECOVERY_CODES)]
    for code in codes:
        device.token_set.create(token=_stored(code))
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _stored(recovery_code: str) -> str:
    """What the database keeps of a recovery code: 64 bits of its digest, as long as the column."""
    return hashlib.sha256(recovery_code.encode()).hexdigest()[:16]


def _is_right(device: TOTPDevice | StaticDevice, code: str) -> bool:
    return bool(device.verify_is_allowed()[0] and device.verify_token(code))


def _plain(code: str) -> str:
    return "".join(code.split()).replace("-", "").lower()


def _base32(device: TOTPDevice) -> str:
    return base64.b32encode(device.bin_key).decode()
