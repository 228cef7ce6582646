"""What happens around every request."""

import time
from typing import Any

from django.contrib.auth import get_user
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin
from django.utils.functional import SimpleLazyObject

from annotations.base.service_errors import TryAgainLater
from annotations.pages.error_pages import DATABASE_IS_OUT, database_outage, try_again_later

MAX_IDLE_S = 12 * 3600
SEEN_AT = "staff_seen_at"  # in the session: when it was last used, to some minutes
_SEEN_EVERY_S = 5 * 60
_IN_ENGLISH = ("/admin/", "/api/", "/prolific/")  # for staff and for programs


class LanguageMiddleware(LocaleMiddleware):
    """Participants' pages in the language of the switch, else of the browser; staff's pages and the API in English."""

    def process_request(self, request: HttpRequest) -> None:
        if request.path.startswith(_IN_ENGLISH):
            translation.activate("en")
            request.LANGUAGE_CODE = "en"
        else:
            super().process_request(request)


class StaffSessionMiddleware(AuthenticationMiddleware):
    """Django's user of a request, unless the staff's session was idle for too long: it ends then.

    Participants are not signed in: their sessions last as long as the cookie. What was made with a session in mind is
    stored nowhere, unless its view says where.
    """

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _signed_in(request))  # type: ignore[assignment]  # as Django does

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if request.session.accessed:
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def _signed_in(request: HttpRequest) -> Any:
    user = get_user(request)
    if not user.is_authenticated:
        return user
    now = int(time.time())
    signed_in_at = user.last_login.timestamp() if user.last_login else 0  # of a session that nobody used since
    seen_at = request.session.get(SEEN_AT, signed_in_at)
    if now - seen_at > MAX_IDLE_S:
        request.session.flush()
        return AnonymousUser()
    if SEEN_AT not in request.session or now - seen_at > _SEEN_EVERY_S:
        request.session[SEEN_AT] = now
    return user


class UnavailableMiddleware(MiddlewareMixin):
    """A view that cannot answer now says so with Retry-After, as a page or as the API's JSON: 429, or 503.

    It is 503 where the database does not answer.

    Failures outside of a view, such as in storing the session, come to `error_pages.server_error`, which gives the
    same answer.
    """

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, TryAgainLater):
            return try_again_later(request, exception)
        return database_outage(request) if isinstance(exception, DATABASE_IS_OUT) else None
