"""Addresses at which a browser registers and uses a passkey: those of django-otp-webauthn, with our own conditions."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.i18n import JavaScriptCatalog
from django_otp_webauthn import exceptions, views

from annotations.staff import two_factor
from annotations.staff.staff_pages.two_factor_page import wanted_page
from clarify_errors.arrays.common.safe_text import BadJson, UnsafeText, read_json

app_name = "otp_webauthn"  # by which the library's templates find them


class _ReadJson(views.BaseWebAuthnView):
    """Read bodies as the rest of the site does: the library's reader lets through what cannot be stored."""

    request: Any

    def _parse_request_data(self, request: HttpRequest) -> Any:
        if request.content_type != "application/json":
            return request.POST
        try:
            return read_json(request.body or b"{}")
        except (BadJson, UnsafeText) as error:
            raise exceptions.MalformedRequest from error


class _OnlyVerified(_ReadJson):
    """Whoever adds a passkey has given a code in this session, and so has recovery codes."""

    def check_can_register(self) -> None:
        """Raise NotVerified."""
        if not (self.request.user.is_staff and self.request.user.is_verified()):
            raise exceptions.NotVerified


class BeginRegistration(_OnlyVerified, views.BeginCredentialRegistrationView):
    """Offer what the browser makes a passkey of."""


class CompleteRegistration(_OnlyVerified, views.CompleteCredentialRegistrationView):
    """Store a passkey, with its line in the audit log and the e-mail to its person."""

    @transaction.atomic
    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Raises what the library answers as JSON."""
        answer: HttpResponse = super().post(*args, **kwargs)
        two_factor.passkey_added(self.request.user)
        return answer


class BeginAuthentication(_ReadJson, views.BeginCredentialAuthenticationView):
    """Say which passkeys a person has, who has signed in by password."""


class CompleteAuthentication(_ReadJson, views.CompleteCredentialAuthenticationView):
    """Take a passkey as the second step, and lead to the page that the person wanted."""

    def get_success_url(self) -> str:
        """Return a page of this site."""
        return wanted_page(self.request)


urlpatterns = [
    path("add/begin/", BeginRegistration.as_view(), name="credential-registration-begin"),
    path("add/", CompleteRegistration.as_view(), name="credential-registration-complete"),
    path("use/begin/", BeginAuthentication.as_view(), name="credential-authentication-begin"),
    path("use/", CompleteAuthentication.as_view(), name="credential-authentication-complete"),
    path("words/", JavaScriptCatalog.as_view(packages=["django_otp_webauthn"]), name="js-i18n-catalog"),
]
