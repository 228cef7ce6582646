"""Pages for what went wrong: what happened, what is safe, what to do.

What participants read stands here and is translated; what the staff read under /admin/ instead is in staff_faults.toml.
"""

import sys
from collections.abc import Sequence
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.base.service_errors import ServiceError, StudyNotOpen, TryAgainLater
from annotations.base.word_files import read_words
from annotations.models import AnnotationSession, Study, StudyState

DATABASE_IS_OUT = (OperationalError, InterfaceError)

_SAFE = gettext_lazy("Everything you sent before is kept.")
_NO_PLACE = frozenset({"study_full", "not_let_in_again", "already_done", "check_failed_before"})  # also at the consent
_STAFF_PAGES = "/admin/"
_STAFF_FAULTS: dict[str, dict[str, str]] = read_words(__package__, "staff_faults")
_RETRY_AFTER_S = 5  # while the database is out
_FOR_PROGRAMS = ("/api/", "/prolific/")


def refused(
    request: HttpRequest, error: ServiceError, *, in_visit: bool = False, session: AnnotationSession | None = None
) -> HttpResponse:
    """Show what a service refused; whoever is in a visit gets a way on.

    in_visit: who comes by a link is in a visit that goes on, in this browser.
    session: the visit that was refused a page; None: an address outside a visit was.
    """
    lost = error.status == 404 or error.code in {"link_incomplete", *_NO_PLACE}
    entering = (lost or not request.path.startswith("/visit/")) and not in_visit
    # Who is at a task of a closed study goes on to the end; before the tasks there is nothing to go on to.
    stuck = isinstance(error, StudyNotOpen) and not request.path.startswith("/visit/tasks/")
    way_on: dict[str, Any] = {}
    if stuck and session is not None:  # the foot of the page has the way to withdraw
        way_on = {
            "safe": _("Please return the study where you found it. That is not a rejection."),
            "session": session,
        }
    elif not entering and not stuck:
        way_on = {"safe": _SAFE, "way_on": reverse("visit"), "way_on_words": _("Go on where you are")}
    return with_headers_of(error, _page(request, error.status, str(error.heading), error.message, **way_on))


def try_again_later(request: HttpRequest, error: TryAgainLater) -> HttpResponse:
    """Show what was refused for now alone, with `Retry-After`."""
    if request.path.startswith((_STAFF_PAGES, *_FOR_PROGRAMS)):
        answer = _fault("try_again_later", request, error.status, str(error.heading), error.message)
        return with_headers_of(error, answer)
    return refused(request, error)


def with_headers_of(error: ServiceError, response: HttpResponse) -> HttpResponse:
    """Return the answer to a refusal with what its head must say, such as when to try again."""
    for name, value in error.headers.items():
        response[name] = value
    return response


def shut_out(
    request: HttpRequest, error: ServiceError, study: Study, parameters: Sequence[tuple[str, str]]
) -> HttpResponse:
    """Show that a study takes nobody new, with the way back for those who had begun."""
    began = {} if study.state == StudyState.DRAFT else {"parameters": parameters}
    start_url = reverse("start", args=[study.slug])
    return _page(request, error.status, str(error.heading), error.message, start_url=start_url, **began)


def no_visit(request: HttpRequest) -> HttpResponse:
    """Answer a request for a page of a visit from a browser that is in none."""
    return _page(
        request,
        404,
        _("We do not know your visit in this browser"),
        _("Please open the study’s link again, from where you found it. You will go on where you left off."),
        safe=_SAFE,
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a POST without a valid CSRF token (setting CSRF_FAILURE_VIEW)."""
    happened = _("This page was open for too long, or cookies are off. So we did not take what you sent last.")
    way_on = {"way_on": reverse("visit"), "way_on_words": _("Go on where you are")}
    if not request.path.startswith("/visit/"):
        happened += " " + _("Please go back, reload the page and try again.")
        way_on = {}
    return _fault("csrf_failed", request, 403, _("Please send that again"), happened, safe=_SAFE, **way_on)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that no page of ours makes (handler400)."""
    happened = _("Something in this request cannot be right. Please go back, reload the page and try again.")
    return _fault("bad_request", request, 400, _("We could not read that"), happened)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for what somebody signed in may not do (handler403). No participant is signed in."""
    if request.path.startswith(_STAFF_PAGES):
        return _uncached(request, 403, "admin/fault.html", {"fault": _STAFF_FAULTS["forbidden"]})
    return not_found(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for an address that leads nowhere, or to what is somebody else's (handler404)."""
    happened = _(
        "There is no page at this address. If you are in a study, open its link again. You will go on where you "
        "left off."
    )
    return _fault("not_found", request, 404, _("Page not found"), happened)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer for an error nobody foresaw, or for a database that does not answer (handler500)."""
    return database_outage(request) if isinstance(sys.exception(), DATABASE_IS_OUT) else _unforeseen(request)


def database_outage(request: HttpRequest) -> HttpResponse:
    """Answer while the database does not: nothing was stored, and the same request may be sent again."""
    happened = _("We cannot reach our database now. Please try again in a few seconds. Nothing is counted twice.")
    response = _fault("unavailable", request, 503, _("One moment, please"), happened, safe=_SAFE)
    response["Retry-After"] = str(_RETRY_AFTER_S)
    return response


def _unforeseen(request: HttpRequest) -> HttpResponse:
    happened = _("Something went wrong on our side. Please try again. If it happens again, come back in a few minutes.")
    return _fault("server_error", request, 500, _("That did not work"), happened, safe=_SAFE)


def _fault(name: str, request: HttpRequest, status: int, heading: str, happened: str, **context: Any) -> HttpResponse:
    """A fault in the words of whoever reads it; for programs in the API's one shape of an error."""
    if request.path.startswith(_STAFF_PAGES):
        fault = {"happened": happened, **_STAFF_FAULTS[name]}
        return _uncached(request, status, "admin/fault.html", {"fault": fault})
    if request.path.startswith(_FOR_PROGRAMS):
        return JsonResponse({"error": {"code": name, "message": happened}}, status=status)
    return _page(request, status, heading, happened, **context)


def _page(request: HttpRequest, status: int, heading: str, happened: str, **context: Any) -> HttpResponse:
    """A page that does not say its heading a second time."""
    words = {"heading": heading, "happened": happened.removeprefix(f"{heading}. ")}
    return _uncached(request, status, "annotations/fault.html", words | context)


def _uncached(request: HttpRequest, status: int, template: str, context: dict[str, Any]) -> HttpResponse:
    """A page that asks nothing of the database, which may be what is out."""
    headers = {"Cache-Control": "no-store"}
    return HttpResponse(render_to_string(template, context, request), status=status, headers=headers)
