"""What the staff read where something went wrong under /admin/: what happened, what is safe, what to do."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

Rest = ParamSpec("Rest")
Handler = Callable[Concatenate[HttpRequest, Rest], HttpResponse]

RETRY_AFTER_S = 5
_STAFF_PAGES = "/admin/"


@dataclass(frozen=True)
class StaffFault:
    """One fault in the staff's words. retry_after_s: where trying again in a moment helps."""

    status: int
    heading: str
    happened: str
    retry_after_s: int | None = None


BAD_REQUEST = StaffFault(
    400,
    "The request is invalid",
    "The request contained an invalid value, so nothing was changed. Go back, reload the page and try again.",
)
FORBIDDEN = StaffFault(
    403,
    "Your role does not allow this",
    "You are signed in, but your role does not include this page. A coordinator of the study can give you "
    "another role, under Members. Operators can see and run every study.",
)
CSRF = StaffFault(
    403,
    "Please send the form again",
    "Nothing was changed. The page was open for too long, you signed in again in another tab, or cookies are "
    "switched off. Go back, reload the page and send the form again.",
)
NOT_FOUND = StaffFault(
    404,
    "Page not found",
    "The address is wrong, the page was deleted, or you have no role in the study that allows it. A "
    "coordinator of the study can give you a role, under Members.",
)
UNFORESEEN = StaffFault(
    500,
    "Something went wrong",
    "An unexpected error occurred. Check whether your change was stored before you try again. If the error "
    "persists, tell your operator when it happened. The log of the web role has the details.",
)
OUTAGE = StaffFault(
    503,
    "One moment, please",
    "The database cannot be reached, so nothing was changed. Try again in a few seconds. If the error "
    "persists, tell your operator.",
    RETRY_AFTER_S,
)


def staff_read(fault: StaffFault) -> Callable[[Handler[Rest]], Handler[Rest]]:
    """Let the staff's pages answer with their own words, and every other page with what the handler says."""

    def decorator(handler: Handler[Rest]) -> Handler[Rest]:
        @wraps(handler)
        def answer(request: HttpRequest, /, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
            if is_staff_page(request):
                return page_of(request, fault)
            return handler(request, *args, **kwargs)

        return answer

    return decorator


def is_staff_page(request: HttpRequest) -> bool:
    """Say whether the staff reads what this request is answered."""
    return request.path.startswith(_STAFF_PAGES)


def page_of(request: HttpRequest, fault: StaffFault) -> HttpResponse:
    """Return the page of a fault. It asks nothing of the database, which may be what is out."""
    page = render_to_string("admin/fault.html", {"fault": fault}, request)
    response = HttpResponse(page, status=fault.status)
    response["Cache-Control"] = "no-store"
    if fault.retry_after_s is not None:
        response["Retry-After"] = str(fault.retry_after_s)
    return response
