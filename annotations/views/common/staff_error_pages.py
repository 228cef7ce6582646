"""What the staff read where something went wrong under /admin/: what happened, what is safe, what to do."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from importlib.resources import files
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

Rest = ParamSpec("Rest")
Handler = Callable[Concatenate[HttpRequest, Rest], HttpResponse]

_STAFF_PAGES = "/admin/"


@dataclass(frozen=True)
class StaffFault:
    """One fault in the staff's words. retry_after_s: where trying again in a moment helps."""

    status: int
    heading: str
    happened: str
    retry_after_s: int | None = None


_FILE = files(__package__).joinpath("staff_faults.toml").read_text("utf-8")
FAULTS = {name: StaffFault(**words) for name, words in tomllib.loads(_FILE).items()}


def staff_read(name: str) -> Callable[[Handler[Rest]], Handler[Rest]]:
    """Let the staff's pages answer with the fault of this name, and every other page with what the handler says."""
    fault = FAULTS[name]

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
