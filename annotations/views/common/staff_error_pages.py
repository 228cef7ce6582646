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
    "We could not read that",
    "Something in this request cannot be right, so nothing was done. Go back, reload the page and try again.",
)
FORBIDDEN = StaffFault(
    403,
    "Your role does not go that far",
    "You are signed in, and this is not part of your role. Whoever coordinates the study can give you another one, "
    "under Members; an operator sees and runs every study.",
)
CSRF = StaffFault(
    403,
    "Please send that again",
    "The page had been open for too long, you signed in anew in another tab, or cookies are switched off: nothing was "
    "done. Go back, reload the page and send it again.",
)
NOT_FOUND = StaffFault(
    404,
    "There is no such page for you",
    "The address is wrong, what it showed was deleted, or it is not part of the role that you have in its study, if "
    "you have one. Whoever coordinates the study gives roles, under Members.",
)
UNFORESEEN = StaffFault(
    500,
    "That did not work",
    "Something went wrong that nobody foresaw. Look whether what you wanted was done before you try it again. If it "
    "happens again, tell your operator when: the log of the web role says why.",
)
OUTAGE = StaffFault(
    503,
    "One moment, please",
    "The database cannot be reached, so nothing was done. Try again in a few seconds; if it stays so, tell your "
    "operator.",
    RETRY_AFTER_S,
)


def staff_read(fault: StaffFault) -> Callable[[Handler[Rest]], Handler[Rest]]:
    """Let the staff's pages answer with their own words, and every other page with what the handler says."""

    def decorator(handler: Handler[Rest]) -> Handler[Rest]:
        @wraps(handler)
        def answer(request: HttpRequest, /, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
            if request.path.startswith(_STAFF_PAGES):
                return _page(request, fault)
            return handler(request, *args, **kwargs)

        return answer

    return decorator


def _page(request: HttpRequest, fault: StaffFault) -> HttpResponse:
    """The page. It asks nothing of the database, which may be what is out."""
    page = render_to_string("admin/fault.html", {"fault": fault}, request)
    response = HttpResponse(page, status=fault.status)
    response["Cache-Control"] = "no-store"
    if fault.retry_after_s is not None:
        response["Retry-After"] = str(fault.retry_after_s)
    return response
