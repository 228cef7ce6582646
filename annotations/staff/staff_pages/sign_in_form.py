"""How the staff signs in: name, password and perhaps a code. Tries are counted without a trace of where from."""

from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError

from annotations.base.service_errors import IdentityUnreadable
from annotations.pages.client_address import client_address
from annotations.pages.composed_forms import Composed
from annotations.staff import sign_in_throttle, two_factor
from annotations.staff.two_factor import CodeNotRight


class SignInForm(Composed, AdminAuthenticationForm):
    """Name and password, and a code of those who switched the second factor on."""

    code = forms.CharField(
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "text"}),
    )

    def clean(self) -> dict[str, Any]:
        """Raises SignInTooSoon and HashingBusy, which a middleware answers, beside what is wrong with the form."""
        name, code = self.cleaned_data.get("username"), self.cleaned_data.get("code", "")
        address = client_address(self.request) if self.request else ""
        if name and self.cleaned_data.get("password"):
            _admit(name, code, address)
        cleaned = super().clean()
        user: Any = self.get_user()
        if user is not None:
            _ask_for_code(user, code)
            sign_in_throttle.admitted(user.get_username(), address)
        return cleaned


def _admit(name: str, code: str, address: str) -> None:
    try:
        sign_in_throttle.admit(name, address, has_right_code=lambda: two_factor.is_code_of(name, code))
    except IdentityUnreadable as error:
        raise ValidationError(error.message) from error


def _ask_for_code(user: Any, code: str) -> None:
    if not two_factor.is_enrolled(user):
        return
    if not code and two_factor.passkeys(user).exists():
        return  # the page after this one asks for the passkey, or a code
    if not code:
        raise ValidationError("This account also needs a code. Enter one from your app, or a recovery code.")
    try:
        user.otp_device = two_factor.verify(user, code)  # django_otp keeps it with the sign-in
    except (CodeNotRight, IdentityUnreadable) as error:
        raise ValidationError(error.message) from error
