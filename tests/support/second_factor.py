"""The authenticator app of a person of the staff, in tests."""

import base64
import time

from django.contrib.auth.models import User
from django_otp.oath import TOTP

from annotations.models import TotpDevice
from annotations.staff import two_factor


def code_of(user: User, steps: int = 0) -> str:
    """The code that the person's app shows, or will show some half minutes later."""
    device = TotpDevice.objects.filter(user=user).latest("pk")
    app = TOTP(base64.b32decode(two_factor.base32_secret(device)), two_factor.STEP_S, digits=two_factor.DIGITS)
    app.time = time.time() + steps * two_factor.STEP_S
    return f"{app.token():06}"


def wrong_code_of(user: User) -> str:
    return f"{(int(code_of(user)) + 1) % 1_000_000:06}"


def enrol(user: User) -> list[str]:
    """Switch the second factor on, and return the recovery codes. The code of now is left unused."""
    two_factor.begin(user)
    _device, codes = two_factor.confirm(user, code_of(user, -1))
    return codes
