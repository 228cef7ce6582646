"""The second factor of the staff: a time-based code of an app (RFC 6238), and recovery codes for a lost phone."""

import base64
import hashlib
import secrets
import time
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, User
from django.db import transaction
from django.db.models import QuerySet
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp_webauthn.models import WebAuthnCredential

from annotations.base.service_errors import ServiceError
from annotations.log import audit, identities
from annotations.models import TotpDevice, seals
from annotations.staff.sign_in_notices import notify_on_commit

N_RECOVERY_CODES = 8
_RECOVERY_CODE_BYTES = 8  # too many to try them all against a stolen digest
_MEMO = "_is_password_enough"

DIGITS = 6
STEP_S = 30
TOLERANCE = 1  # steps that a phone's clock may be early or late
MAX_WRONG = 10  # from then on the wait stays at 2**9 s: whoever has the password cannot keep its owner out for days
_ISSUER = "Clarify"
_SECRET_BYTES = 20


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


class CodeNotRight(ServiceError, code="code_not_right", status=400):
    """A code of the second factor is wrong, was used before, or came while too many wrong ones had come."""

    sentence = (
        "This code is wrong or was used before. Wait for the next code. After several wrong codes, wait a "
        "little longer."
    )


def is_enrolled(user: AbstractBaseUser) -> bool:
    """Say whether a person's sign-in asks for a code."""
    return TotpDevice.objects.filter(user_id=user.pk, confirmed=True).exists()


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


def owes_code(user: Any) -> bool:
    """Say whether a person has signed in without the code that the account asks for."""
    is_active_staff = user.is_authenticated and user.is_active and user.is_staff
    return bool(is_active_staff) and not user.is_verified() and is_enrolled(user)


def n_recovery_codes(user: AbstractBaseUser) -> int:
    """How many recovery codes a person has left."""
    return StaticToken.objects.filter(device__user_id=user.pk).count()


def begin(user: Any, sealed: str = "") -> TotpDevice:
    """Return a device that waits for its first code, stored nowhere: of the sealed secret that its page sent back.

    With a new secret where none was sent, or one that this site cannot open.
    """
    token = sealed.encode()
    if identities.sealed_under(token) == "none":
        token = seals.seal(secrets.token_bytes(_SECRET_BYTES))
    return TotpDevice(user=user, name="app", sealed_secret=token)


@transaction.atomic
def confirm(device: TotpDevice, code: str) -> list[str]:
    """Store a device whose first code is right, which switches the second factor on; returns new recovery codes.

    Raises CodeNotRight, also where another app was set up meanwhile.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=device.user_id)  # of two at once one is first
    if is_enrolled(user) or not is_right(device, plain := _plain(code)):
        raise CodeNotRight
    use(device, plain)
    audit.record("two_factor_on", None, by=user.get_username())
    notify_on_commit(user, "An authenticator app was set up as the second step of your sign-in.")
    return _new_recovery_codes(user)


def is_code_of(username: str, code: str) -> bool:
    """Say whether a code is right for an account, without using it up or counting a wrong one."""
    plain = _plain(code)
    of_account: dict[str, Any] = {"user__username": username, "user__is_active": True, "confirmed": True}
    if looks_like_code(plain):
        device = TotpDevice.objects.filter(**of_account).first()
        return device is not None and is_right(device, plain)
    return StaticDevice.objects.filter(**of_account, token_set__token=_stored(plain)).exists()


def verify(user: AbstractBaseUser, code: str) -> TotpDevice | StaticDevice:
    """Return the device whose code this is, and use it up.

    Raises CodeNotRight, also while too many wrong ones came in a row.
    """
    plain = _plain(code)
    with transaction.atomic():
        found = _use_app_code(user, plain) if looks_like_code(plain) else _use_recovery_code(user, plain)
        if found is not None:
            return found
    raise CodeNotRight  # after the commit, so that the failed try counts


def switch_off(user: Any, *, by: str) -> None:
    """Forget a person's app, recovery codes and passkeys."""
    with transaction.atomic():
        for kind in (TotpDevice, StaticDevice, WebAuthnCredential):
            kind.objects.filter(user_id=user.pk).delete()
        audit.record("two_factor_off", None, by=by, subject=user.get_username())
        notify_on_commit(user, "The second step of your sign-in was switched off.")


def passkeys(user: AbstractBaseUser) -> QuerySet[WebAuthnCredential]:
    """Return a person's passkeys, the oldest first. Each is an alternative to a code (docs/decisions/0091)."""
    found: QuerySet[WebAuthnCredential] = WebAuthnCredential.objects.filter(user_id=user.pk).order_by("pk")
    return found


def passkey_added(user: Any) -> None:
    """Note that a person registered a passkey."""
    audit.record("passkey_added", None, by=user.get_username())
    notify_on_commit(user, "A passkey was added to the second step of your sign-in.")


def remove_passkey(user: Any, passkey_id: int) -> None:
    """Forget one of a person's passkeys; nobody else's is known."""
    with transaction.atomic():
        if passkeys(user).filter(pk=passkey_id).delete()[0]:
            audit.record("passkey_removed", None, by=user.get_username())


def _use_app_code(user: AbstractBaseUser, code: str) -> TotpDevice | None:
    device = TotpDevice.objects.select_for_update().filter(user_id=user.pk, confirmed=True).first()
    return device if device is not None and use(device, code) else None


def _use_recovery_code(user: AbstractBaseUser, code: str) -> StaticDevice | None:
    device: StaticDevice | None = StaticDevice.objects.select_for_update().filter(user_id=user.pk).first()
    return device if device is not None and device.verify_token(_stored(code)) else None


def _new_recovery_codes(user: Any) -> list[str]:
    StaticDevice.objects.filter(user_id=user.pk).delete()
    device = StaticDevice.objects.create(user=user, name="recovery codes")
    codes = [secrets.token_hex(_RECOVERY_CODE_BYTES) for _ in range(N_RECOVERY_CODES)]
    for code in codes:
        device.token_set.create(token=_stored(code))
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]


def _stored(recovery_code: str) -> str:
    """What the database keeps of a recovery code: 64 bits of its digest, as long as the column."""
    return hashlib.sha256(recovery_code.encode()).hexdigest()[:16]


def _plain(code: str) -> str:
    return "".join(code.split()).replace("-", "").lower()
