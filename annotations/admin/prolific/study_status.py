"""The study on Prolific: where it stands there, what was asked about it, and pausing and stopping it there."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from annotations.admin.common.study_pages import StudyPage, is_for_crowd, page_context
from annotations.models import Audience, ProlificRequest, RequestState, Study
from annotations.readings.prolific import status_comparison
from annotations.services.common.service_errors import ServiceError
from annotations.services.prolific import study_drafts, study_status
from annotations.services.studies import recruitment

TITLE = "On Prolific"
# What is asked of Prolific, and what it means for people: said before it is asked.
ACTS = {
    "pause_study": (
        "Pause it there",
        "Prolific gives nobody a place any more. Who reserved one within the last ten minutes still comes, and who has "
        "begun can finish. It can be started again.",
    ),
    "start_study": ("Start it there again", "Prolific sends people again, to the places that are left."),
    "stop_study": ("Stop it there for good", "Prolific sends nobody any more. Who has begun can finish."),
}
_REFRESH_S = 3
_SHOWN = 20


def page(request: HttpRequest, study: Study) -> HttpResponse:
    """Show both sides; ?act= asks once more before one of ACTS, and its POST stores the request."""
    act = request.GET.get("act", "")
    if act and act not in ACTS:
        raise Http404
    if request.method == "POST":
        return _asked(request, study, act or request.POST.get("act", ""))
    requests = list(study.prolific_requests.filter(submission=None).order_by("-pk")[:_SHOWN])
    context = {
        "there": status_comparison.standing(study),
        "mismatches": list(status_comparison.mismatches(study).values()),
        "asked": [(_words(each), each) for each in requests],
        "acts": [(name, ACTS[name][0]) for name in study_status.allowed_actions(study)],
        "confirm": (act, *ACTS[act]) if act else None,
        "has_token": bool(settings.PROLIFIC_TOKEN),
        "is_for_experts": study.audience == Audience.EXPERTS,
        "refresh_s": _REFRESH_S if not act and any(row.state == RequestState.PENDING for row in requests) else 0,
    }
    return render(request, "admin/annotations/study/on_prolific.html", page_context(request, study, TITLE, **context))


def _words(asked: ProlificRequest) -> str:
    if asked.act == study_drafts.CREATE:
        return "Make the draft"
    if asked.act == study_drafts.RAISE:
        return f"Raise the places to {asked.detail['places']}"
    return ACTS[asked.act][0]


def _asked(request: HttpRequest, study: Study, act: str) -> HttpResponse:
    try:
        recruitment.ask(study, act, by=request.user.get_username())  # type: ignore[arg-type]  # checked there
        messages.success(request, "Prolific is asked for it. This page shows when it is done.")
    except ServiceError as error:
        messages.error(request, error.message)
    return HttpResponseRedirect(request.path)


def _is_asked(study: Study) -> bool:
    return is_for_crowd(study) and bool(settings.PROLIFIC_TOKEN)


PAGES = (StudyPage("on_prolific", TITLE, page, act="coordinate", place="setup", applies_to=_is_asked),)
