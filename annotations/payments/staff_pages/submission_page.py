"""One submission: both sides, what was asked of Prolific, and every act that fits."""

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from annotations.log import audit
from annotations.models import Study, Submission
from annotations.pages.number_formats import MoneyField, row_number
from annotations.pages.page_acts import Act, Answer, filled
from annotations.pages.typed_classes import Form
from annotations.payments import compared_records as reconciliation
from annotations.payments import discrepancy_repairs, payment_ledger
from annotations.payments.discrepancies import WORDS
from annotations.payments.staff_pages.reconciliation_page import ONE_CLICK, ask, submission_of
from annotations.phrases.listed_phrases import phrases_of
from annotations.prolific import submissions
from annotations.prolific_client.client import MIN_REJECTION_MESSAGE, REJECTION_CATEGORIES

_REFRESH_S = 3
_TEXT = {"rows": 4}


class MessageForm(Form):
    """What is written to a person."""

    text = forms.CharField(
        label="Message, which the person reads on Prolific", max_length=5000, widget=forms.Textarea(_TEXT)
    )


class ReturnForm(Form):
    """Why a person shall return the submission."""

    reason = forms.CharField(label="Reason, which the person reads", max_length=5000, widget=forms.Textarea(_TEXT))


class ScreenOutForm(Form):
    """Why somebody is screened out."""

    reason = forms.CharField(label="Reason, for the audit log alone", max_length=1000)


class RejectForm(Form):
    """What a rejection needs. `sure` is the human's confirmation, and no part of what is asked."""

    category = forms.ChoiceField(
        choices=[("", "choose one"), *((name, name.replace("_", " ").lower()) for name in REJECTION_CATEGORIES)]
    )
    message = forms.CharField(
        label=f"Message of at least {MIN_REJECTION_MESSAGE} characters, which the person reads",
        min_length=MIN_REJECTION_MESSAGE,
        max_length=5000,
        widget=forms.Textarea({"rows": 6}),
    )
    sure = forms.BooleanField(label="Reject it: the person is not paid, and it stays in their record")


class UnrejectForm(Form):
    """Why a rejection is taken back."""

    reason = forms.CharField(label="Reason, for the audit log alone", max_length=1000)
    sure = forms.BooleanField(label="Take it back: the submission awaits review again")


class BonusForm(Form):
    """An amount for a person beside the reward. `form` makes a double click owe once."""

    amount = MoneyField(min_value=0.01)
    reason = forms.CharField(label="What it is for", max_length=1000)
    form = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)


def page(request: HttpRequest, study: Study) -> Answer:
    """Show the submission that ?submission= names."""
    if "submission" not in request.GET:
        return HttpResponseRedirect(reverse("admin:annotations_study_reconciliation", args=[study.pk]))
    return _shown(_named(request, study))


def _named(request: HttpRequest, study: Study) -> Submission:
    return submission_of(study, request.GET.get("submission", ""))


def _shown(submission: Submission) -> dict[str, Any]:
    compared = reconciliation.compare_one(submission, timezone.now())
    (row,) = reconciliation.rows_of(submission.study, compared, [submission.pk])
    return {
        "title": f"Submission {submission} of {submission.pseudonym}",
        "row": row,
        "submission": submission,
        "phrases": phrases_of(submission.session) if submission.session else [],
        "words": [WORDS[name] for name in row.discrepancies],
        "fits": discrepancy_repairs.allowed_actions(submission),
        "refresh_s": _REFRESH_S if row.is_waiting else 0,
        **{name: form(prefix=name) for name, (form, _) in _FORMS.items()},
    }


def _owe_bonus(submission: Submission, by: str, amount: int, **given: Any) -> str:
    is_new = payment_ledger.add_by_hand(submission, amount, by=by, **given)
    return (
        "It is owed now: look through it under Payments." if is_new else "This form was sent before: it is owed once."
    )


_FORMS: dict[str, tuple[type[forms.Form], Callable[..., str]]] = {
    "message": (MessageForm, partial(ask, "message")),
    "request_return": (ReturnForm, partial(ask, "request_return")),
    "screen_out": (ScreenOutForm, partial(ask, "screen_out")),
    "reject": (RejectForm, partial(ask, "reject")),
    "unreject": (UnrejectForm, partial(ask, "unreject")),
    "bonus": (BonusForm, _owe_bonus),
}


def _with_form(name: str, request: HttpRequest, study: Study, by: str) -> str:
    form, act = _FORMS[name]
    given = filled(form(request.POST, prefix=name))
    given.pop("sure", None)
    return act(_named(request, study), by, **given)


def _in_one_click(act: Callable[[Submission, str], str], request: HttpRequest, study: Study, by: str) -> str:
    return act(_named(request, study), by)


def _reveal(request: HttpRequest, study: Study, by: str) -> Answer:
    """Show the ids from outside, with a line in the audit log that somebody looked."""
    submission = _named(request, study)
    ids = submissions.ids_of(submission)
    audit.record("ids_revealed", submission, by=by)
    return _shown(submission) | {"revealed": ids}


def _ask_again(request: HttpRequest, study: Study, by: str) -> str:
    failed = get_object_or_404(_named(request, study).requests, pk=row_number(request.POST.get("request")))
    discrepancy_repairs.ask_again(failed, by=by)
    return "It is sent again."


ACTS: dict[str, Act] = {
    **{name: partial(_in_one_click, act) for name, act in ONE_CLICK.items()},
    **{name: partial(_with_form, name) for name in _FORMS},
    "reveal": _reveal,
    "again": _ask_again,
}
