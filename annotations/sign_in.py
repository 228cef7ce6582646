"""How the staff signs in: name, password and perhaps a code. Wrong passwords are counted by name alone.

What django-axes keeps of them holds no address, no browser, nothing that was typed but the name.
"""

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from annotations.services.staff import two_factor
from annotations.services.staff.two_factor import CodeNotRight

# Not null: two rows with a null address would both be new to the database's uniqueness.
_NO_ADDRESS = "0.0.0.0"  # noqa: S104  # an address that nobody has


def no_address(request: HttpRequest) -> str:
    """Stand for the address of whoever signs in (setting AXES_CLIENT_IP_CALLABLE)."""
    return _NO_ADDRESS


class CountsWithoutTraces(AxesDatabaseHandler):
    """Axes' table of failed sign-ins, with nothing in it but names, numbers and times (setting AXES_HANDLER)."""

    def user_login_failed(self, sender: Any, credentials: dict[str, Any], request: Any = None, **kwargs: Any) -> None:
        """Count a wrong password."""
        if request is not None:
            bare = HttpRequest()  # no headers, no body: what axes copies from a request is empty
            vars(bare).update({name: value for name, value in vars(request).items() if name.startswith("axes_")})
            bare.axes_user_agent = bare.axes_http_accept = bare.axes_path_info = ""  # type: ignore[attr-defined]
            super().user_login_failed(sender, credentials, bare, **kwargs)
            vars(request).update({name: value for name, value in vars(bare).items() if name.startswith("axes_")})


class SignInForm(AdminAuthenticationForm):
    """Name and password, and a code of those who switched the second factor on."""

    code = forms.CharField(
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "text"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        user: Any = self.get_user()
        if user is None or not two_factor.is_enrolled(user):
            return cleaned
        if not cleaned.get("code"):
            raise ValidationError("This account also needs a code. Enter one from your app, or a recovery code.")
        try:
            user.otp_device = two_factor.verify(user, cleaned["code"])  # django_otp keeps it with the sign-in
        except CodeNotRight as error:
            raise ValidationError(error.message) from error
        return cleaned
