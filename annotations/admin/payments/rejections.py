"""Rejecting a submission, and taking a rejection back: one page asks what is needed, a second says what follows."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect, QueryDict
from django.urls import reverse

from annotations.admin.common.form_errors import RefusalsShown
from annotations.admin.common.page_acts import Answer
from annotations.admin.common.study_pages import StudyPage
from annotations.admin.payments.reconciliation import submission_of
from annotations.models import Study, Submission
from annotations.prolific.client import MIN_REJECTION_MESSAGE, REJECTION_CATEGORIES
from annotations.services.payments import discrepancy_repairs


class RejectForm(forms.Form):
    """What a rejection needs; `typed` on the second page."""

    category = forms.ChoiceField(
        choices=[("", "choose one"), *((name, name.replace("_", " ").lower()) for name in REJECTION_CATEGORIES)]
    )
    message = forms.CharField(
        label=f"Message of at least {MIN_REJECTION_MESSAGE} characters, which the person reads",
        min_length=MIN_REJECTION_MESSAGE,
        widget=forms.Textarea({"rows": 6}),
    )


class UnrejectForm(forms.Form):
    """Why a rejection is taken back; `sure` on the second page."""

    reason = forms.CharField(label="Reason, for the audit log alone", max_length=1000)


@dataclass(frozen=True)
class _Act:
    """One of the two. unfit: what is said where the submission does not allow it; asked: once Prolific is asked."""

    name: Literal["reject", "unreject"]
    title: str
    form: type[forms.Form]
    unfit: str
    asked: str
    is_confirmed: Callable[[QueryDict, Submission], bool]


_ACTS = (
    _Act(
        "reject",
        "Reject",
        RejectForm,
        "This submission cannot be rejected. Only a submission that awaits review can be rejected, and never "
        "for a failed check.",
        "Prolific is asked to reject it.",
        lambda post, submission: post.get("typed", "").strip() == submission.submission_key,
    ),
    _Act(
        "unreject",
        "Take the rejection back",
        UnrejectForm,
        "There is no rejection to take back.",
        "Prolific is asked to take the rejection back.",
        lambda post, submission: "sure" in post,
    ),
)


def _page(act: _Act, request: HttpRequest, study: Study) -> Answer:
    if "submission" not in request.GET:
        return HttpResponseRedirect(reverse("admin:annotations_study_reconciliation", args=[study.pk]))
    submission = submission_of(study, request.GET.get("submission", ""))
    back = f"{reverse('admin:annotations_study_submission', args=[study.pk])}?submission={submission.pk}"
    if act.name not in discrepancy_repairs.allowed_actions(submission):
        messages.error(request, act.unfit)
        return HttpResponseRedirect(back)
    form = act.form(request.POST if request.method == "POST" else None)
    is_second = form.is_bound and form.is_valid()
    if is_second and act.is_confirmed(request.POST, submission):
        with RefusalsShown(request):
            discrepancy_repairs.ask(submission, act.name, by=request.user.get_username(), **form.cleaned_data)
            messages.success(request, act.asked)
        return HttpResponseRedirect(back)
    wrong_name = is_second and "typed" in request.POST
    return {"submission": submission, "form": form, "is_second": is_second, "wrong_name": wrong_name, "back": back}


PAGES = tuple(StudyPage(act.name, act.title, partial(_page, act), "people", in_navigation=False) for act in _ACTS)
