"""What happens around every request."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

from annotations.views.common.error_pages import DATABASE_IS_OUT, database_outage

_IN_ENGLISH = ("/admin/", "/api/", "/prolific/")  # for staff and for programs


class LanguageMiddleware(LocaleMiddleware):
    """Participants' pages in the language of the switch, else of the browser; staff's pages and the API in English."""

    def process_request(self, request: HttpRequest) -> None:
        if request.path.startswith(_IN_ENGLISH):
            translation.activate("en")
            request.LANGUAGE_CODE = "en"
        else:
            super().process_request(request)


class DatabaseOutageMiddleware:
    """A view that cannot reach the database answers 503 with Retry-After: the page, or the API's JSON.

    Failures outside of a view, such as in storing the session, come to `error_pages.server_error`, which gives the
    same answer.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return database_outage(request) if isinstance(exception, DATABASE_IS_OUT) else None
