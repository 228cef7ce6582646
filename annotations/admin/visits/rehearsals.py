"""The rehearsal page: preview the study as a participant, send simulated ones, take back what they left."""

from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404

from annotations.admin.common.form_errors import RefusalsShown
from annotations.admin.common.number_formats import row_number
from annotations.admin.common.study_pages import StudyPage, is_for_crowd, show_page
from annotations.models import UNCOUNTED, UNFINISHED, Rehearsal, Study, StudyState
from annotations.readings.datasets.encoder_problems import encoder_problems
from annotations.readings.studies.readiness import reasons_not_ready
from annotations.services.common.service_errors import StudyNotReady
from annotations.services.logs import audit
from annotations.services.visits import preview_links, rehearsals

TITLE = "Rehearse and preview"
_OF_ALL = 5  # rehearsals that are listed


class PeopleForm(forms.Form):
    """How many simulated participants to send."""

    n_people = forms.IntegerField(
        label="Simulated participants",
        min_value=1,
        max_value=rehearsals.MAX_PEOPLE,
        initial=rehearsals.USUAL_PEOPLE,
        help_text="The first four are diligent. With 13 there is one of every kind: a hasty one, one who reloads, one "
        "with two tabs, one who writes nonsense, one who leaves, one who fails the check.",
    )


def page(request: HttpRequest, study: Study) -> HttpResponse:
    """Show how far the newest rehearsal is; a POST previews, rehearses or discards."""
    if request.method == "POST":
        return _act(request, study)
    return _shown(request, study, PeopleForm())


def _act(request: HttpRequest, study: Study) -> HttpResponse:
    by = request.user.get_username()
    form = PeopleForm(request.POST)
    with RefusalsShown(request):
        if request.POST.get("act") == "preview":
            return HttpResponseRedirect(_here(_preview(request, study, by)))
        if request.POST.get("act") == "discard":
            n = rehearsals.discard(study, by=by)
            gone = "1 visit" if n == 1 else f"{n} visits"
            messages.success(request, f"Discarded {gone} of previews and simulated participants.")
        elif form.is_valid():
            rehearsals.request_rehearsal(study, form.cleaned_data["n_people"], by=by)
        else:
            return _shown(request, study, form, status=400)
    return HttpResponseRedirect(request.path)


def _here(url: str) -> str:
    """Return the address on the host that the admin was reached by: its policy lets a form lead to no other."""
    return urlsplit(url)._replace(scheme="", netloc="").geturl()


def _preview(request: HttpRequest, study: Study, by: str) -> str:
    """The address of a new preview. Raises StudyNotReady for a draft that nobody could visit."""
    chosen = request.POST.get("condition", "")
    condition = get_object_or_404(study.conditions, pk=row_number(chosen)) if chosen else None
    if study.state == StudyState.DRAFT and (reasons := reasons_not_ready(study)):
        raise StudyNotReady(reasons)
    url = preview_links.preview_url(study, request.user, condition)  # type: ignore[arg-type]  # the page is the staff's
    audit.record("previewed", study=study, by=by, subject=study.slug, condition=condition.name if condition else "")
    return url


def _shown(request: HttpRequest, study: Study, form: PeopleForm, status: int = 200) -> HttpResponse:
    found = list(study.rehearsals.order_by("-id")[:_OF_ALL])
    newest: Rehearsal | None = found[0] if found else None
    return show_page(
        request,
        study,
        "rehearsal",
        TITLE,
        form=form,
        newest=newest,
        people=newest.report.get("people", []) if newest else [],
        is_under_way=newest is not None and newest.state in UNFINISHED,
        earlier=found[1:],
        conditions=study.conditions.order_by("position"),
        n_visits=study.sessions.filter(kind__in=UNCOUNTED).count(),
        reasons=reasons_not_ready(study) if study.state == StudyState.DRAFT else [],
        problems=encoder_problems([study])[study.pk],
        is_closed=study.state == StudyState.CLOSED,
        is_draft=study.state == StudyState.DRAFT,
        status=status,
    )


PAGES = (StudyPage("rehearsal", TITLE, page, act="coordinate", place="setup", applies_to=is_for_crowd),)
