"""The reconciliation page: each visit beside its submission on Prolific, what differs, and the acts that mend it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from annotations.models import ProlificRequest, Reconciliation, RequestState, Study, Submission
from annotations.pages.form_errors import RefusalsShown
from annotations.pages.number_formats import row_number
from annotations.pages.page_acts import Act
from annotations.pages.study_pages import CSV, file_answer
from annotations.pages.typed_classes import Form
from annotations.pages.uploads import take_form
from annotations.payments import compared_records as reconciliation
from annotations.payments import discrepancy_repairs, payment_files
from annotations.payments.discrepancies import REPAIR_WORDS, WORDS, Discrepancy, Repair
from annotations.prolific import submission_import, submission_requests
from annotations.prolific.submission_import import LARGEST_FILE
from annotations.staff import roles
from clarify_errors.arrays.common.counted_words import counted

_HERE: tuple[Repair, ...] = ("release_place", "pay_by_hand")  # what needs nothing of Prolific
_REFRESH_S = 3
MAX_APPROVED = 500  # in one click: each is a request and a line in the audit log, written while somebody waits
_LISTS = {"approve": "to approve", "differing": "whose two sides differ"}


class SubmissionsFile(Form):
    """Prolific's summary of a study's submissions."""

    file = forms.FileField(label="Prolific’s file of submissions", widget=forms.ClearableFileInput({"accept": ".csv"}))


@csrf_exempt  # `take_in` checks the token, before it reads anything
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Import Prolific's file of submissions, and go back to the page, which says what came of it."""
    study = get_object_or_404(Study, pk=pk)
    if not roles.may(request.user, "coordinate", study):
        raise Http404
    if request.method == "POST":
        with RefusalsShown(request):
            given = take_form(request, SubmissionsFile, LARGEST_FILE)
            if isinstance(given, HttpResponse):
                return given
            _import(request, study, given["file"])
    return HttpResponseRedirect(reverse("admin:annotations_study_reconciliation", args=[study.pk]))


def _import(request: HttpRequest, study: Study, file: Any) -> None:
    report = submission_import.import_csv(study, file, by=request.user.get_username(), name=file.name)
    messages.success(
        request,
        f"{counted(report.n_rows, 'submission')} read: {report.n_new} new, {report.n_changed} changed, "
        f"{report.n_without_visit} without a visit here, {counted(report.n_missing, 'visit')} not in the file.",
    )


def ask(act: submission_requests.Act, submission: Submission, by: str, **given: Any) -> str:
    """Ask Prolific for an act on a submission, and return what to say of it; raises ServiceError."""
    discrepancy_repairs.ask(submission, act, by=by, **given)
    return "Prolific is asked for it. This page shows when it is done."


def _release_place(submission: Submission, by: str) -> str:
    is_released = discrepancy_repairs.release_place(submission, by=by)
    return "The place is free again." if is_released else "There was no place to release."


def _pay_by_hand(submission: Submission, by: str) -> str:
    why = "The visit was completed, and its submission pays nothing."
    is_new = discrepancy_repairs.pay_reward(submission, by=by, reason=why)
    return "The reward is owed as a bonus now: see Payments." if is_new else "It is among the payments already."


def _refresh(study: Study, by: str) -> str:
    discrepancy_repairs.refresh(study, by=by)
    return "All submissions are gone through at Prolific now; it takes seconds to minutes."


# The repairs that need no text. Each returns what to say of it; raises ServiceError.
ONE_CLICK: dict[Repair, Callable[[Submission, str], str]] = {
    "complete": partial(ask, "complete"),
    "approve": partial(ask, "approve"),
    "release_place": _release_place,
    "refresh": lambda submission, by: _refresh(submission.study, by),
    "pay_by_hand": _pay_by_hand,
}


def offers(submission: Submission, names: tuple[Discrepancy, ...]) -> list[tuple[Repair, str, str]]:
    """Return the repairs of a row's discrepancies that fit it as it stands, the likeliest first, each once.

    Each with its words and as what it is offered: a `button`; a `link` to the submission's page where a text is needed
    first; or, on a site without a token, what its coordinators do `there`, on Prolific's own page.
    """
    fits = {*discrepancy_repairs.allowed_actions(submission), "refresh"}
    wanted = dict.fromkeys(repair for name in names for repair in WORDS[name].repairs)
    return [(name, REPAIR_WORDS[name], _kind(name)) for name in wanted if name in fits]


def _kind(repair: Repair) -> str:
    if not settings.PROLIFIC_TOKEN and repair not in _HERE:
        return "there"
    return "button" if repair in ONE_CLICK else "link"


def page(request: HttpRequest, study: Study) -> dict[str, Any]:
    """List the submissions."""
    compared = reconciliation.compare(study, timezone.now())
    wanted = request.GET.get("show", "")
    wanted = wanted if wanted in (reconciliation.ANY, *Discrepancy) else ""
    shown, rows = reconciliation.page_of(study, compared, wanted, request.GET.get("page", 1))
    counts = compared.counts
    found = [(name.value, WORDS[name].label, counts[name]) for name in Discrepancy if counts[name]]
    filters = [
        ("", "all", len(compared.differences)),
        (reconciliation.ANY, "whatever differs", compared.n_differing),
        *found,
    ]
    return {
        "form": SubmissionsFile(),
        "rows": [
            (row, [WORDS[name] for name in row.discrepancies], offers(row.submission, row.discrepancies))
            for row in rows
        ],
        "shown": shown,
        "wanted": wanted,
        "filters": filters,
        "meaning": WORDS[Discrepancy(wanted)].meaning if wanted in set(Discrepancy) else "",
        "n_approvable": len(compared.approvable),
        "n_at_once": min(len(compared.approvable), MAX_APPROVED),
        "listed_at": compared.listed_at,
        "poll_error": Reconciliation.objects.filter(study=study).values_list("error", flat=True).first(),
        "refresh_s": _REFRESH_S if any(row.is_waiting for row in rows) else 0,
    }


def _repair(name: Repair, request: HttpRequest, study: Study, by: str) -> str:
    return ONE_CLICK[name](submission_of(study, request.POST.get("submission", "")), by)


def _approve_all(request: HttpRequest, study: Study, by: str) -> str:
    found = _to_approve(study)
    n = discrepancy_repairs.approve(found, by=by)
    if n < len(found):
        messages.warning(
            request,
            f"{len(found) - n} were not approved because their reward is owed as a bonus or was paid. "
            "If it is still owed, withhold it under Payments, then approve them.",
        )
    return f"Prolific is asked to approve {counted(n, 'submission')}."


def submission_of(study: Study, number: str) -> Submission:
    """Return the study's submission of a number as it stands in a form or an address; raises Http404."""
    return get_object_or_404(reconciliation.detailed(study), pk=row_number(number))


def _to_approve(study: Study) -> list[Submission]:
    """Those that may be approved and are not asked for yet, the oldest first, as many as go at once."""
    found = reconciliation.detailed(study).filter(pk__in=reconciliation.compare(study, timezone.now()).approvable)
    asked = ProlificRequest.objects.filter(study=study, act="approve", state=RequestState.PENDING)
    return list(found.exclude(pk__in=asked.values("submission")).order_by("pk")[:MAX_APPROVED])


def _list(request: HttpRequest, study: Study, by: str) -> HttpResponse:
    """The ids of those who are to be dealt with on Prolific's own page, as a file."""
    of = request.POST.get("of", "")
    if of not in _LISTS:
        raise Http404
    compared = reconciliation.compare(study, timezone.now())
    ids = compared.approvable if of == "approve" else compared.with_discrepancy(reconciliation.ANY)
    found = reconciliation.detailed(study).filter(pk__in=ids).order_by("pk")
    text = payment_files.submission_list(study, found, by=by, reason=_LISTS[of])
    return file_answer(text, CSV, f"{study.slug}-{of}.csv")


ACTS: dict[str, Act] = {
    **{name: partial(_repair, name) for name in ONE_CLICK},
    "refresh": lambda request, study, by: _refresh(study, by),
    "approve_all": _approve_all,
    "list": _list,
}
