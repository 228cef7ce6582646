"""The reconciliation page: each visit beside its submission on Prolific, what differs, and the acts that mend it."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from annotations.admin.common.form_errors import RefusalsShown
from annotations.admin.common.number_formats import row_number
from annotations.admin.common.study_pages import CSV, StudyPage, crowd_came, file_answer, show_page
from annotations.admin.common.uploads import FORM_BYTES, take_in
from annotations.models import ProlificRequest, Reconciliation, RequestState, Study, Submission
from annotations.readings.payments import reconciliation
from annotations.readings.payments.discrepancies import Discrepancy
from annotations.readings.payments.discrepancy_words import REPAIR_WORDS, WORDS, Repair
from annotations.services.payments import discrepancy_repairs, payment_files
from annotations.services.prolific import submission_import
from annotations.services.prolific.submission_import import LARGEST_FILE
from annotations.services.staff import roles

ONE_CLICK: tuple[Repair, ...] = ("complete", "approve", "release_place", "refresh", "pay_by_hand")
_HERE: tuple[Repair, ...] = ("release_place", "pay_by_hand")  # what needs nothing of Prolific
_REFRESH_S = 3
MAX_APPROVED = 500  # in one click: each is a request and a line in the audit log, written while somebody waits
_LISTS = {"approve": "to approve", "differing": "whose two sides differ"}


class SubmissionsFile(forms.Form):
    """Prolific's summary of a study's submissions."""

    file = forms.FileField(label="Prolific's file of submissions", widget=forms.ClearableFileInput({"accept": ".csv"}))


def page(request: HttpRequest, study: Study) -> HttpResponse:
    """List the submissions; a POST mends one, approves all that may be or hands out a list."""
    if request.method == "POST":
        return _act(request, study)
    return _shown(request, study)


@csrf_exempt  # `take_in` checks the token, before it reads anything
def upload(request: HttpRequest, study_id: int) -> HttpResponse:
    """Import Prolific's file of submissions, and go back to the page, which says what came of it."""
    study = get_object_or_404(Study, pk=study_id)
    if not roles.may(request.user, "coordinate", study):
        raise Http404
    if request.method == "POST":
        with RefusalsShown(request):
            if (answer := _take_in(request)) is not None:
                return answer
            _import(request, study)
    return HttpResponseRedirect(reverse("admin:annotations_study_reconciliation", args=[study.pk]))


def _take_in(request: HttpRequest) -> HttpResponse | None:
    """Read the file into memory: of all that are uploaded here, two at a time, none is large."""
    too_large = f"The file is too large. The limit is {LARGEST_FILE // 2**20} MiB."
    return take_in(request, MemoryFileUploadHandler(request), LARGEST_FILE + FORM_BYTES, too_large)


def _import(request: HttpRequest, study: Study) -> None:
    form = SubmissionsFile(request.POST, request.FILES)
    if form.is_valid():
        messages.success(request, _imported(study, form.cleaned_data["file"], request.user.get_username()))
    else:
        messages.error(request, f"Nothing was imported. {form.errors['file'][0]}")


def repair(submission: Submission, act: str, *, by: str) -> str:
    """Do a repair that needs no text, and return what to say of it; raises ServiceError, Http404 for another act."""
    if act in ("complete", "approve"):
        discrepancy_repairs.ask(submission, act, by=by)  # type: ignore[arg-type]  # both are among its acts
        return "Prolific is asked for it. This page shows when it is done."
    if act == "release_place":
        is_released = discrepancy_repairs.release_place(submission, by=by)
        return "The place is free again." if is_released else "There was no place to release."
    if act == "pay_by_hand":
        is_new = discrepancy_repairs.pay_reward(
            submission, by=by, reason="The visit was completed, and its submission pays nothing."
        )
        return "The reward is owed as a bonus now: see Payments." if is_new else "It is among the payments already."
    if act == "refresh":
        discrepancy_repairs.refresh(submission.study, by=by)
        return "All submissions are gone through at Prolific now; it takes seconds to minutes."
    raise Http404


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


def _shown(request: HttpRequest, study: Study) -> HttpResponse:
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
    context: dict[str, Any] = {
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
        "submission_url": reverse("admin:annotations_study_submission", args=[study.pk]),
    }
    return show_page(request, study, "reconciliation", "Reconciliation", **context)


def _act(request: HttpRequest, study: Study) -> HttpResponse:
    by, act = request.user.get_username(), request.POST.get("act", "")
    with RefusalsShown(request):
        if act == "refresh":
            discrepancy_repairs.refresh(study, by=by)
            messages.success(request, "All submissions are gone through at Prolific now; it takes seconds to minutes.")
        elif act == "approve_all":
            found = _to_approve(study)
            n = discrepancy_repairs.approve(found, by=by)
            messages.success(request, f"Prolific is asked to approve {n} submission{'' if n == 1 else 's'}.")
            if n < len(found):
                messages.warning(
                    request,
                    f"{len(found) - n} were not approved because their reward is owed as a bonus or was paid. "
                    "If it is still owed, withhold it under Payments, then approve them.",
                )
        elif act == "list":
            return _list(study, request.POST.get("of", ""), by)
        elif act not in ONE_CLICK:
            messages.error(request, "The form was incomplete, so nothing was changed. Reload the page and try again.")
        else:
            messages.success(request, repair(submission_of(study, request.POST.get("submission", "")), act, by=by))
    return HttpResponseRedirect(request.get_full_path())


def submission_of(study: Study, number: str) -> Submission:
    """Return the study's submission of a number as it stands in a form or an address; raises Http404."""
    found = reconciliation.detailed(study).filter(pk=row_number(number)).first()
    if found is None:
        raise Http404
    return found


def _to_approve(study: Study) -> list[Submission]:
    """Those that may be approved and are not asked for yet, the oldest first, as many as go at once."""
    found = reconciliation.detailed(study).filter(pk__in=reconciliation.compare(study, timezone.now()).approvable)
    asked = ProlificRequest.objects.filter(study=study, act="approve", state=RequestState.PENDING)
    return list(found.exclude(pk__in=asked.values("submission")).order_by("pk")[:MAX_APPROVED])


def _list(study: Study, of: str, by: str) -> HttpResponse:
    """The ids of those who are to be dealt with on Prolific's own page, as a file."""
    if of not in _LISTS:
        raise Http404
    compared = reconciliation.compare(study, timezone.now())
    ids = compared.approvable if of == "approve" else compared.with_discrepancy(reconciliation.ANY)
    found = reconciliation.detailed(study).filter(pk__in=ids).order_by("pk")
    text = payment_files.submission_list(study, found, by=by, reason=_LISTS[of])
    return file_answer(text, CSV, f"{study.slug}-{of}.csv")


def _imported(study: Study, file: Any, by: str) -> str:
    report = submission_import.import_csv(study, file, by=by, name=file.name)
    return (
        f"{report.n_rows} submissions read: {report.n_new} new, {report.n_changed} changed, "
        f"{report.n_without_visit} without a visit here. {report.n_missing} visits are not in the file."
    )


PAGES = (StudyPage("reconciliation", "Reconciliation", page, act="coordinate", place="people", applies_to=crowd_came),)
