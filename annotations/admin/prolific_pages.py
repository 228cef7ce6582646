"""A study on Prolific: its draft, its places, where it stands there. What will be sent is shown before it is sent."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from annotations.admin.common.form_errors import RefusalsShown
from annotations.admin.common.number_formats import MoneyField
from annotations.admin.common.study_pages import StudyPage, is_for_crowd, show_page
from annotations.models import Audience, ProlificRequest, RequestState, Study
from annotations.models.payment import amount
from annotations.readings.prolific import status_comparison
from annotations.services.prolific import study_drafts, study_status
from annotations.services.prolific.study_drafts import DEVICES
from annotations.services.studies import recruitment

_LABELS = {
    "name": "Name",
    "internal_name": "Name for yourselves",
    "description": "Description",
    "external_study_url": "Link",
    "prolific_id_option": "How ids are recorded",
    "completion_codes": "Completion codes",
    "estimated_completion_time": "Minutes that people are told",
    "maximum_allowed_time": "Most minutes",
    "total_available_places": "Places",
    "reward": "Reward",
    "device_compatibility": "Devices",
}

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


class DraftForm(forms.Form):
    """What the study's set-up here does not say. `sure` comes from the second page."""

    description = forms.CharField(label="Description, which people read", widget=forms.Textarea({"rows": 5}))
    minutes = forms.IntegerField(label="Minutes that people are told", min_value=1)
    devices = forms.MultipleChoiceField(
        choices=[(name, name) for name in DEVICES], widget=forms.CheckboxSelectMultiple, initial=DEVICES
    )
    screen_out_cents = MoneyField(label="Pay of who fails the check", min_value=0.01)
    screen_out_slots = forms.IntegerField(label="How many of them at most", min_value=1)

    def __init__(self, study: Study, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["description"].initial = study.introduction
        self.fields["minutes"].initial = study_drafts.estimated_minutes(study)
        if not study.failed_check_is_paid:
            del self.fields["screen_out_cents"], self.fields["screen_out_slots"]


class PlacesForm(forms.Form):
    """How many people shall complete the study."""

    places = forms.IntegerField(label="Places in all", min_value=1)


def draft(request: HttpRequest, study: Study) -> HttpResponse:
    """Ask for what is missing, show what will be sent, and store the request."""
    missing = study_drafts.what_is_missing(study)
    form = DraftForm(study, request.POST or None)
    fields: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        with RefusalsShown(request):
            asked = study_drafts.draft_fields(study, **form.cleaned_data)
            if "sure" in request.POST:
                study_drafts.ask_for_draft(study, asked, by=request.user.get_username())
                messages.success(request, "Prolific is asked to make the draft. This page shows when it is done.")
                return HttpResponseRedirect(_back(study))
            fields = asked
    context: dict[str, Any] = {
        "missing": missing,
        "form": form,
        "sent": _shown(study, fields) if fields else [],
        "back": _back(study),
    }
    return show_page(request, study, "prolific_draft", "Make the draft on Prolific", **context)


def places(request: HttpRequest, study: Study) -> HttpResponse:
    """Ask for a number, say what it costs, and raise both sides to it."""
    form = PlacesForm(request.POST or None)
    is_valid = request.method == "POST" and form.is_valid()
    if is_valid and "sure" in request.POST:
        with RefusalsShown(request):
            study_drafts.raise_places(study, form.cleaned_data["places"], by=request.user.get_username())
            messages.success(request, "The quota is raised, and Prolific is asked to raise its places to it.")
        return HttpResponseRedirect(_back(study))
    wanted = form.cleaned_data["places"] if is_valid else None
    more = wanted - (study.quota or 0) if wanted is not None else 0
    context: dict[str, Any] = {
        "form": form,
        "wanted": wanted,
        "is_second": more > 0 and study.quota is not None,
        "cost": amount(more * study.reward_cents, study.currency) if study.reward_cents and more > 0 else "",
        "back": _back(study),
    }
    return show_page(request, study, "prolific_places", "More places", **context)


def _shown(study: Study, fields: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """What is sent, in words, a list of lines for each field."""
    money = {"reward": amount(fields["reward"], study.currency)}
    return [(_LABELS[name], _lines(money.get(name, value))) for name, value in fields.items()]


def _lines(value: Any) -> list[str]:
    if not isinstance(value, list):
        return [str(value)]
    return [_code(entry) if isinstance(entry, dict) else str(entry) for entry in value]


def _code(entry: dict[str, Any]) -> str:
    acts = ", ".join(
        " ".join(str(part) for part in [action["action"], *_details(action)]) for action in entry["actions"]
    )
    return f"{entry['code']}: {entry['code_type']}, by the {entry['actor']}: {acts}"


def _details(action: dict[str, Any]) -> list[str]:
    if "return_reason" in action:
        return [f"“{action['return_reason']}”"]
    if "slots" in action:
        return [f"{amount(action['fixed_screen_out_reward'])}, {action['slots']} at most"]
    return []


def _back(study: Study) -> str:
    return reverse("admin:annotations_study_on_prolific", args=[study.pk])


PAGES = (
    StudyPage(
        "prolific_draft", "Make the draft on Prolific", draft, act="coordinate", place="setup", in_navigation=False
    ),
    StudyPage("prolific_places", "More places", places, act="coordinate", place="setup", in_navigation=False),
)


def page(request: HttpRequest, study: Study) -> HttpResponse:
    """Show both sides; ?act= asks once more before one of ACTS, and its POST stores the request."""
    act = request.GET.get("act", "")
    if act and act not in ACTS:
        raise Http404
    if request.method == "POST":
        return _asked(request, study, act or request.POST.get("act", ""))
    requests = list(study.prolific_requests.filter(submission=None).order_by("-pk")[:_SHOWN])
    context: dict[str, Any] = {
        "there": status_comparison.standing(study),
        "mismatches": list(status_comparison.mismatches([study])[study.pk].values()),
        "asked": [(_words(each), each) for each in requests],
        "acts": [(name, ACTS[name][0]) for name in study_status.allowed_actions(study)],
        "confirm": (act, *ACTS[act]) if act else None,
        "is_for_experts": study.audience == Audience.EXPERTS,
        "refresh_s": _REFRESH_S if not act and any(row.state == RequestState.PENDING for row in requests) else 0,
    }
    return show_page(request, study, "on_prolific", TITLE, **context)


def _words(asked: ProlificRequest) -> str:
    if asked.act == study_drafts.CREATE:
        return "Make the draft"
    if asked.act == study_drafts.RAISE:
        return f"Raise the places to {asked.detail['places']}"
    return ACTS[asked.act][0]


def _asked(request: HttpRequest, study: Study, act: str) -> HttpResponse:
    with RefusalsShown(request):
        recruitment.ask(study, act, by=request.user.get_username())  # type: ignore[arg-type]  # checked there
        messages.success(request, "Prolific is asked for it. This page shows when it is done.")
    return HttpResponseRedirect(request.path)


def _is_asked(study: Study) -> bool:
    return is_for_crowd(study) and bool(settings.PROLIFIC_TOKEN)


STATUS_PAGES = (StudyPage("on_prolific", TITLE, page, act="coordinate", place="setup", applies_to=_is_asked),)
