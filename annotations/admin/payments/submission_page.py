"""One submission: both sides, what was asked of Prolific, and every act that fits."""

import uuid
from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from annotations.admin.common.form_errors import RefusalsShown
from annotations.admin.common.number_formats import MoneyField, row_number
from annotations.admin.common.study_pages import StudyPage, show_page
from annotations.admin.payments.reconciliation import ONE_CLICK, repair, submission_of
from annotations.admin.payments.rejections import submission_address
from annotations.models import Study, Submission
from annotations.readings.payments import reconciliation
from annotations.readings.payments.discrepancy_words import WORDS
from annotations.readings.prolific.external_ids import OutsideIds
from annotations.services.logs import audit
from annotations.services.payments import discrepancy_repairs, payment_ledger
from annotations.services.prolific import submissions

_REFRESH_S = 3
_TEXT = {"rows": 4}


class MessageForm(forms.Form):
    """What is written to a person."""

    text = forms.CharField(
        label="Message, which the person reads on Prolific", max_length=5000, widget=forms.Textarea(_TEXT)
    )


class ReturnForm(forms.Form):
    """Why a person shall return the submission."""

    reason = forms.CharField(label="Reason, which the person reads", widget=forms.Textarea(_TEXT))


class ScreenOutForm(forms.Form):
    """Why somebody is screened out."""

    reason = forms.CharField(label="Reason, for the audit log alone", max_length=1000)


class BonusForm(forms.Form):
    """An amount for a person beside the reward. `form` makes a double click owe once."""

    amount = MoneyField(min_value=0.01)
    reason = forms.CharField(label="What it is for", max_length=1000)
    form = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)


_FORMS: dict[str, Callable[..., forms.Form]] = {
    "message": MessageForm,
    "request_return": ReturnForm,
    "screen_out": ScreenOutForm,
    "bonus": BonusForm,
}


def page(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the submission that ?submission= names; a POST asks for one act."""
    if "submission" not in request.GET:
        return HttpResponseRedirect(reverse("admin:annotations_study_reconciliation", args=[study.pk]))
    submission = submission_of(study, request.GET.get("submission", ""))
    act = request.POST.get("act", "") if request.method == "POST" else ""
    bound = {name: form(request.POST, prefix=name) for name, form in _FORMS.items() if name == act}
    if request.method != "POST":
        return _shown(request, submission)
    by = request.user.get_username()
    with RefusalsShown(request):
        if act == "reveal":
            return _shown(request, submission, revealed=_reveal(submission, by))
        if act in bound and not bound[act].is_valid():
            return _shown(request, submission, bound=bound, status=400)
        messages.success(request, _done(request, submission, act, bound.get(act), by))
    return HttpResponseRedirect(request.get_full_path())


def _shown(
    request: HttpRequest,
    submission: Submission,
    *,
    bound: dict[str, forms.Form] | None = None,
    revealed: OutsideIds | None = None,
    status: int = 200,
) -> HttpResponse:
    study = submission.study
    (row,) = reconciliation.rows_of(study, reconciliation.compare_one(submission, timezone.now()), [submission.pk])
    context = {
        "row": row,
        "submission": submission,
        "words": [WORDS[name] for name in row.discrepancies],
        "fits": discrepancy_repairs.allowed_actions(submission),
        "forms": {name: form(prefix=name) for name, form in _FORMS.items()} | (bound or {}),
        "revealed": revealed,
        "refresh_s": _REFRESH_S if row.is_waiting and not bound and revealed is None else 0,
        "reconciliation_url": reverse("admin:annotations_study_reconciliation", args=[study.pk]),
        "reject_url": submission_address("reject", submission),
        "unreject_url": submission_address("unreject", submission),
    }
    return show_page(request, study, "submission", f"Submission {submission}", status=status, **context)


def _done(request: HttpRequest, submission: Submission, act: str, form: forms.Form | None, by: str) -> str:
    """Do one act, and return what to say of it."""
    given = form.cleaned_data if form is not None else {}
    if act == "bonus":
        is_new = payment_ledger.add_by_hand(
            submission, given["amount"], reason=given["reason"], by=by, form=given["form"]
        )
        return (
            "It is owed now: look through it under Payments."
            if is_new
            else "This form was sent before: it is owed once."
        )
    if act in ("message", "request_return", "screen_out"):
        discrepancy_repairs.ask(submission, act, by=by, **given)  # type: ignore[arg-type]  # all are among its acts
        return "Prolific is asked for it. This page shows when it is done."
    if act == "again":
        failed = get_object_or_404(submission.requests, pk=row_number(request.POST.get("request")))
        discrepancy_repairs.ask_again(failed, by=by)
        return "It is sent again."
    if act in ONE_CLICK:
        return repair(submission, act, by=by)
    raise Http404


def _reveal(submission: Submission, by: str) -> OutsideIds:
    """The ids from outside, and a line in the audit log that somebody looked."""
    ids = submissions.ids_of(submission)
    audit.record("ids_revealed", study=submission.study, by=by, subject=f"submission {submission.pk}")
    return ids


PAGES = (StudyPage("submission", "Submission", page, act="coordinate", place="people", in_navigation=False),)
