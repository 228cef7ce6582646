"""The payments page: what is owed is looked through, put into a batch, then paid at Prolific or handed out."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from annotations.admin.common.form_errors import RefusalsShown
from annotations.admin.common.number_formats import row_number
from annotations.admin.common.study_pages import CSV, StudyPage, crowd_came, file_answer, show_page
from annotations.models import UNDER_WAY, PaymentBatch, Study
from annotations.readings.payments.costs import totals
from annotations.readings.payments.payment_batches import shown_batch
from annotations.services.payments import payment_files, payment_ledger

PAGE_SIZE = 200
_REFRESH_S = 3
_SAID: dict[str, tuple[Callable[..., None], str]] = {
    "send": (payment_ledger.send, "The batch goes to Prolific. This page shows when it is paid."),
    "undo_batch": (payment_ledger.undo_batch, "The batch is undone: its payments are owed as before."),
    "record_paid": (payment_ledger.record_paid, "Noted as paid."),
    "record_not_sent": (payment_ledger.record_not_sent, "Noted. You can send the batch or take its file again."),
    "pay_again": (payment_ledger.pay_again, "Prolific is asked to pay the same request."),
}


def page(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the money of a study; a POST proposes, prepares, sends, hands out, withholds or answers a question."""
    if request.method == "POST":
        return _act(request, study)
    owed = study.payments.filter(batch=None).select_related("submission").order_by("-withheld_reason", "pk")
    batches = list(study.payment_batches.prefetch_related("payments__submission")[:20])
    under_way = next((batch for batch in batches if batch.state in UNDER_WAY), None)
    context: dict[str, Any] = {
        "totals": totals(study),
        "owed": Paginator(owed.filter(withheld_reason=""), PAGE_SIZE).get_page(request.GET.get("page", 1)),
        "withheld": owed.exclude(withheld_reason=""),
        "batches": [shown_batch(batch, has_token=bool(settings.PROLIFIC_TOKEN)) for batch in batches],
        "under_way": under_way,
        "refresh_s": _REFRESH_S if under_way and under_way.due_at else 0,
        "submission_url": reverse("admin:annotations_study_submission", args=[study.pk]),
    }
    return show_page(request, study, "payments", "Payments", **context)


def _act(request: HttpRequest, study: Study) -> HttpResponse:
    by, act = request.user.get_username(), request.POST.get("act", "")
    with RefusalsShown(request):
        if act == "propose":
            found = payment_ledger.propose(study, by=by)
            messages.success(
                request,
                f"{found.n_judged} people judged, {found.n_earned} of them earned the bonus. Look through it below.",
            )
        elif act == "prepare":
            payment_ledger.prepare(study, [row_number(value) for value in request.POST.getlist("payment")], by=by)
        elif act in ("withhold", "owe_again"):
            _withhold(request, study, by)
        elif act == "file":
            text = payment_files.hand_out(_batch(request, study), by=by)
            return file_answer(text, CSV, f"{study.slug}-payments-{request.POST['batch']}.csv")
        elif act in _SAID:
            do, said = _SAID[act]
            do(_batch(request, study), by=by)
            messages.success(request, said)
        else:
            messages.error(request, "The form was incomplete, so nothing was changed. Reload the page and try again.")
    return HttpResponseRedirect(request.get_full_path())


def _withhold(request: HttpRequest, study: Study, by: str) -> None:
    reason = request.POST.get("reason", "").strip()
    payment = get_object_or_404(study.payments, pk=row_number(request.POST.get("one", "")))
    if request.POST.get("act") == "withhold" and not reason:
        messages.error(
            request, "Give the reason why it is not paid. It is recorded in the ledger and in the audit log."
        )
        return
    payment_ledger.withhold(payment, reason=reason if request.POST.get("act") == "withhold" else "", by=by)


def _batch(request: HttpRequest, study: Study) -> PaymentBatch:
    batch: PaymentBatch = get_object_or_404(study.payment_batches, pk=row_number(request.POST.get("batch", "")))
    return batch


PAGES = (StudyPage("payments", "Payments", page, act="coordinate", place="people", applies_to=crowd_came),)
