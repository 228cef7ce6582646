"""The rehearsal page: preview the study as a participant, send simulated ones, take back what they left."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils import timezone

from annotations.base.service_errors import StudyNotReady
from annotations.datasets.encoder_problems import encoder_problems
from annotations.log import audit
from annotations.models import UNCOUNTED, UNFINISHED, Rehearsal, Study, StudyState
from annotations.pages.number_formats import row_number
from annotations.pages.page_acts import filled
from annotations.pages.typed_classes import Form
from annotations.studies import rehearsal_requests
from annotations.studies.readiness import reasons_not_ready, rehearsal_reasons
from annotations.visits import preview_links, rehearsals
from clarify_errors.arrays.common.counted_words import counted

_OF_ALL = 5  # rehearsals that are listed


class PeopleForm(Form):
    """How many simulated participants to send."""

    n_people = forms.IntegerField(
        label="Simulated participants",
        min_value=1,
        max_value=rehearsal_requests.MAX_PEOPLE,
        initial=rehearsal_requests.USUAL_PEOPLE,
        help_text="The first four are diligent. With 13 there is one of every kind: a hasty one, one who reloads, one "
        "with two tabs, one who writes nonsense, one who leaves, one who fails the check.",
    )


def page(request: HttpRequest, study: Study) -> dict[str, Any]:
    """Show how far the newest rehearsal is."""
    found = list(study.rehearsals.order_by("-id")[:_OF_ALL])
    is_draft = study.state == StudyState.DRAFT
    reasons = reasons_not_ready(study) if is_draft else []
    newest: Rehearsal | None = found[0] if found else None
    return {
        "form": PeopleForm(),
        "newest": newest,
        "is_under_way": newest is not None and newest.state in UNFINISHED,
        "earlier": found[1:],
        "n_visits": study.sessions.filter(kind__in=UNCOUNTED).count(),
        "reasons": reasons,
        "outdated": rehearsal_reasons(study, timezone.now()) if is_draft and not reasons else [],
        "problems": encoder_problems([study])[study.pk],
    }


def _rehearse(request: HttpRequest, study: Study, by: str) -> None:
    rehearsal_requests.request_rehearsal(study, filled(PeopleForm(request.POST))["n_people"], by=by)


def _discard(request: HttpRequest, study: Study, by: str) -> str:
    return f"Discarded {counted(rehearsals.discard(study, by=by), 'visit')} of previews and simulated participants."


def _preview(request: HttpRequest, study: Study, by: str) -> HttpResponseRedirect:
    """Lead into a new preview. Raises StudyNotReady for a draft that nobody could visit."""
    chosen = request.POST.get("condition", "")
    condition = get_object_or_404(study.conditions, pk=row_number(chosen)) if chosen else None
    if study.state == StudyState.DRAFT and (reasons := reasons_not_ready(study)):
        raise StudyNotReady(reasons)
    url = preview_links.preview_url(study, request.user, condition)  # type: ignore[arg-type]  # the page is the staff's
    audit.record("previewed", study, by=by, condition=condition.name if condition else "")
    # On the host that the admin was reached by: its policy lets a form lead to no other.
    return HttpResponseRedirect(urlsplit(url)._replace(scheme="", netloc="").geturl())


ACTS = {"preview": _preview, "rehearse": _rehearse, "discard": _discard}
