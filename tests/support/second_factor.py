"""The authenticator app of a person of the staff, in tests."""

import base64
import time
from typing import Any

from django.contrib.auth.models import User
from django_otp.oath import TOTP

from annotations.models import TotpDevice
from annotations.staff import two_factor


def code_of(user: User, steps: int = 0) -> str:
    """The code that the person's app shows, or will show some half minutes later."""
    return code_from(two_factor.base32_secret(TotpDevice.objects.get(user=user)), steps)


def code_from(secret: str, steps: int = 0) -> str:
    """The same of a secret, as the page that sets an app up shows it."""
    app = TOTP(base64.b32decode(secret), two_factor.STEP_S, digits=two_factor.DIGITS)
    app.time = time.time() + steps * two_factor.STEP_S
    return f"{app.token():06}"


def first_code(page: Any) -> dict[str, str]:
    """What is sent to switch the second factor on: the app's first code, with what its page says of the secret."""
    return {"sealed": page.context["sealed"], "code": code_from(page.context["secret"])}


def wrong_code_of(user: User) -> str:
    return f"{(int(code_of(user)) + 1) % 1_000_000:06}"


def enrol(user: User) -> list[str]:
    """Switch the second factor on, and return the recovery codes. The code of now is left unused."""
    device = two_factor.begin(user)
    return two_factor.confirm(device, code_from(two_factor.base32_secret(device), -1))
