"""Sign-in by an OpenID Connect provider, for accounts that are here already (decision 66).

Needs the extra `oidc`: only a site that has an OIDC_ISSUER has these addresses.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from functools import lru_cache
from threading import BoundedSemaphore
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.django_client import OAuth
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from joserfc.errors import JoseError
from requests import RequestException

from annotations.staff.staff_pages.two_factor_page import wanted_page

WAIT_S = 5  # for the provider, at each of its answers
AT_ONCE = 2  # threads of a process that wait for it: anybody may begin, and the others serve everybody else
WAIT_FOR_TURN_S = 0.5
_NEXT = "next"  # where the person wanted to go
# The browser keeps what it asked with, signed: anybody may begin, and the site stores nothing of strangers.
_COOKIE = "clarify_oidc"
_COOKIE_AGE_S = 600

logger = logging.getLogger(__name__)

turns = BoundedSemaphore(AT_ONCE)


class ProviderBusy(ValueError):
    """As many requests wait for the provider as may."""


@lru_cache(maxsize=1)
def _client(issuer: str, client_id: str, client_secret: str) -> Any:
    """The provider, which says of itself, once for each process, where it is asked for what."""
    oauth: Any = OAuth()  # type: ignore[no-untyped-call]
    return oauth.register(
        "oidc",
        client_id=client_id,
        client_secret=client_secret,
        server_metadata_url=f"{issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid email", "code_challenge_method": "S256", "default_timeout": WAIT_S},
    )


def _provider() -> Any:
    return _client(settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET)


@contextmanager
def _in_turn() -> Iterator[Any]:
    """Give the provider to one of the few requests that may wait for it; raises ProviderBusy."""
    if not turns.acquire(timeout=WAIT_FOR_TURN_S):
        raise ProviderBusy
    try:
        yield _provider()
    finally:
        turns.release()


@never_cache
@require_safe
def begin(request: HttpRequest) -> HttpResponse:
    """Send a person to the provider."""
    asking, back_here = _asking(request, SessionStore()), reverse("oidc_back")
    asking.session[_NEXT] = wanted_page(request)
    try:
        with _in_turn() as provider:
            answer: HttpResponse = provider.authorize_redirect(asking, request.build_absolute_uri(back_here))
    except (AuthlibBaseError, RequestException, RuntimeError, ValueError) as error:
        return _refused(request, error, "Your institution’s sign-in does not answer. Try again later.")
    asking.session.save()
    options: dict[str, Any] = {"httponly": True, "samesite": "Lax", "secure": settings.SESSION_COOKIE_SECURE}
    answer.set_cookie(_COOKIE, asking.session.session_key or "", _COOKIE_AGE_S, path=back_here, **options)
    return answer


@never_cache
@require_safe
def back(request: HttpRequest) -> HttpResponse:
    """Sign in whom the provider vouches for. What a second factor asks for comes after that."""
    asked = _asking(request, SessionStore(request.COOKIES.get(_COOKIE)))
    answer = _answered(request, asked)
    answer.delete_cookie(_COOKIE, path=request.path, samesite="Lax")
    return answer


def _asking(request: HttpRequest, kept: SessionStore) -> HttpRequest:
    """The request, with what the browser keeps as its session."""
    asking = copy(request)
    asking.session = kept
    return asking


def _answered(request: HttpRequest, asked: HttpRequest) -> HttpResponse:
    try:
        with _in_turn() as provider:
            claims = _claims(provider, asked)
    except (AuthlibBaseError, JoseError, RequestException, LookupError, ValueError) as error:
        return _refused(request, error, "Your institution’s sign-in did not succeed. Try again.")
    user = _account_of(claims)
    if user is None:
        return _refused(
            request,
            None,
            "Your institution vouches for no e-mail address that an account of the staff has here. Ask an operator to "
            "enter yours under Users.",
        )
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return HttpResponseRedirect(asked.session[_NEXT])


def _claims(provider: Any, request: HttpRequest) -> dict[str, Any]:
    """What the provider says of the person whom it sent back, checked to be its word and for this site."""
    own = {"iss": provider.load_server_metadata()["issuer"], "aud": provider.client_id}
    options = {name: {"essential": True, "value": value} for name, value in own.items()}
    token = provider.authorize_access_token(request, claims_options=options)
    claims = dict(token["userinfo"])
    if "email" not in claims:  # many providers tell it here alone
        told = provider.userinfo(token=token)
        if told["sub"] != claims["sub"]:
            raise ValueError("The provider answered for another person.")
        claims |= told
    return claims


def _account_of(claims: dict[str, Any]) -> User | None:
    """Return the active account of the staff whose e-mail address the provider has verified; None for none or several.

    ASCII alone: letters that look alike, or become alike where capitals do not count, are other people's addresses.
    """
    email = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(email, str) or not email or not email.isascii():
        return None
    found = list(User.objects.filter(email__iexact=email, is_staff=True, is_active=True)[:2])
    return found[0] if len(found) == 1 else None


def _refused(request: HttpRequest, error: Exception | None, sentence: str) -> HttpResponse:
    logger.warning("sign-in by the provider was refused: %s", type(error).__name__ if error else "no such account")
    messages.error(request, sentence)
    return HttpResponseRedirect(reverse("admin:login"))


urlpatterns = [path("", begin, name="oidc_begin"), path("back/", back, name="oidc_back")]
