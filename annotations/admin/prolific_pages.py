"""A study on Prolific: where it stands there, and pausing, starting or stopping it there."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseRedirect

from annotations.admin.common.form_errors import RefusalsShown
from annotations.admin.common.page_acts import Answer
from annotations.admin.common.study_pages import is_for_crowd
from annotations.models import ProlificRequest, RequestState, Study
from annotations.readings.prolific import status_comparison
from annotations.services.prolific import study_status
from annotations.services.studies import recruitment

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


def page(request: HttpRequest, study: Study) -> Answer:
    """Show both sides; ?act= asks once more before one of ACTS, and its POST stores the request."""
    act = request.GET.get("act", "")
    if act and act not in ACTS:
        raise Http404
    if request.method == "POST":
        return _asked(request, study, act or request.POST.get("act", ""))
    requests = list(study.prolific_requests.filter(submission=None).order_by("-pk")[:_SHOWN])
    return {
        "there": status_comparison.standing(study),
        "mismatches": list(status_comparison.mismatches([study])[study.pk].values()),
        "asked": [(_words(each), each) for each in requests],
        "acts": [(name, ACTS[name][0]) for name in study_status.allowed_actions(study)],
        "confirm": (act, *ACTS[act]) if act else None,
        "refresh_s": _REFRESH_S if not act and any(row.state == RequestState.PENDING for row in requests) else 0,
    }


def _words(asked: ProlificRequest) -> str:
    """What was asked; earlier releases asked for more."""
    return ACTS[asked.act][0] if asked.act in ACTS else asked.act.replace("_", " ")


def _asked(request: HttpRequest, study: Study, act: str) -> HttpResponseRedirect:
    with RefusalsShown(request):
        recruitment.ask(study, act, by=request.user.get_username())  # type: ignore[arg-type]  # checked there
        messages.success(request, "Prolific is asked for it. This page shows when it is done.")
    return HttpResponseRedirect(request.path)


def is_asked(study: Study) -> bool:
    """Whether the site asks Prolific about the study."""
    return is_for_crowd(study) and bool(settings.PROLIFIC_TOKEN)
