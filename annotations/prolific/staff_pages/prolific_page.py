"""A study on Prolific: where it stands there, and pausing, starting or stopping it there."""

from functools import partial
from typing import Any, NamedTuple

from django.conf import settings
from django.http import Http404, HttpRequest

from annotations.models import ProlificRequest, RequestState, Study
from annotations.pages.page_acts import Act
from annotations.pages.study_pages import is_for_crowd
from annotations.prolific import recruitment, status_comparison, study_status


class _Words(NamedTuple):
    """What is asked of Prolific, and what it means for people: said before it is asked."""

    button: str
    consequence: str


_WORDS = {
    "pause_study": _Words(
        "Pause it there",
        "Prolific gives nobody a place any more. Who reserved one within the last ten minutes still comes, and who has "
        "begun can finish. It can be started again.",
    ),
    "start_study": _Words("Start it there again", "Prolific sends people again, to the places that are left."),
    "stop_study": _Words("Stop it there for good", "Prolific sends nobody any more. Who has begun can finish."),
}
_REFRESH_S = 3
_SHOWN = 20


def page(request: HttpRequest, study: Study) -> dict[str, Any]:
    """Show both sides; ?act= asks once more before an act."""
    act = request.GET.get("act", "")
    if act and act not in ACTS:
        raise Http404
    requests = list(study.prolific_requests.filter(submission=None).order_by("-pk")[:_SHOWN])
    return {
        "there": status_comparison.standing(study),
        "mismatches": list(status_comparison.mismatches([study])[study.pk].values()),
        "asked": [(_button(each), each) for each in requests],
        "acts": [(name, _WORDS[name].button) for name in study_status.allowed_actions(study)],
        "confirm_act": act,
        "confirm": _WORDS[act] if act else None,
        "refresh_s": _REFRESH_S if not act and any(row.state == RequestState.PENDING for row in requests) else 0,
    }


def _button(asked: ProlificRequest) -> str:
    """What was asked; earlier releases asked for more."""
    return _WORDS[asked.act].button if asked.act in _WORDS else asked.act.replace("_", " ")


def _ask(act: Any, request: HttpRequest, study: Study, by: str) -> str:
    recruitment.ask(study, act, by=by)
    return "Prolific is asked for it. This page shows when it is done."


ACTS: dict[str, Act] = {name: partial(_ask, name) for name in _WORDS}


def is_asked(study: Study) -> bool:
    """Whether the site asks Prolific about the study."""
    return is_for_crowd(study) and bool(settings.PROLIFIC_TOKEN)
