"""The payments page: what is owed is looked through, put into a batch, then paid at Prolific or handed out."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from annotations.models import UNDER_WAY, BatchState, Payment, PaymentBatch, Study
from annotations.pages.number_formats import row_number
from annotations.pages.page_acts import Act, reason_of
from annotations.pages.study_pages import CSV, file_answer
from annotations.payments import payment_files, payment_ledger
from annotations.payments.costs import totals
from clarify_errors.arrays.common.counted_words import persons

_WORDS: Final[dict[str, str]] = {
    BatchState.PREPARED: "ready: send it, or take its file",
    BatchState.UNSURE: "unsure: look at Prolific",
    BatchState.SENT: "set up on Prolific, being paid",
}
_MARKS: Final[dict[str, str]] = {
    BatchState.PAID: "mark-done",
    BatchState.EXPORTED: "mark-done",
    BatchState.FAILED: "mark-failed",
    BatchState.UNSURE: "mark-failed",
}


def shown_batch(batch: PaymentBatch, *, has_token: bool) -> dict[str, Any]:
    """Return what the page says of a batch; its acts are (name, label, look: "", "first" or "quiet"), likeliest first.

    has_token: this site can ask Prolific.
    """
    is_being_sent = batch.state == BatchState.PREPARED and batch.due_at is not None
    words = _WORDS.get(batch.state) or batch.get_state_display().lower()
    return {
        "batch": batch,
        "state": "being sent" if is_being_sent else words,
        "mark": _MARKS.get(batch.state, ""),  # none while nothing is decided
        "error": "" if batch.state == BatchState.PAID else batch.last_error,
        "acts": [] if is_being_sent else list(_acts(batch, has_token=has_token)),
    }


def _acts(batch: PaymentBatch, *, has_token: bool) -> Iterator[tuple[str, str, str]]:
    """What can be done with a batch that nobody sends."""
    if batch.state == BatchState.PREPARED:
        if has_token:
            yield "send", "Pay it through Prolific", "first"
        yield "file", "File: Prolific ids and amounts", "" if has_token else "first"
        yield "undo_batch", "Undo batch", "quiet"
    elif batch.is_in_question:
        if batch.may_be_there:
            yield "record_paid", "I see it paid on Prolific", ""
        if batch.outside_id and has_token:
            yield "pay_again", "Pay that very request", "first"
        yield "record_not_sent", "Nothing of it is on Prolific" if batch.may_be_there else "Make it ready again", ""
    elif batch.state == BatchState.EXPORTED:
        yield "file", "The file again", "quiet"


PAGE_SIZE = 200
_REFRESH_S = 3


def page(request: HttpRequest, study: Study) -> dict[str, Any]:
    """Show the money of a study."""
    owed = study.payments.counted().filter(batch=None).select_related("submission").order_by("-withheld_reason", "pk")
    batches = list(study.payment_batches.prefetch_related("payments__submission")[:20])
    under_way = next((batch for batch in batches if batch.state in UNDER_WAY), None)
    return {
        "totals": totals(study),
        "owed": Paginator(owed.filter(withheld_reason=""), PAGE_SIZE).get_page(request.GET.get("page", 1)),
        "withheld": owed.exclude(withheld_reason=""),
        "batches": [shown_batch(batch, has_token=bool(settings.PROLIFIC_TOKEN)) for batch in batches],
        "under_way": under_way,
        "refresh_s": _REFRESH_S if under_way and under_way.due_at else 0,
    }


def _propose(request: HttpRequest, study: Study, by: str) -> str:
    found = payment_ledger.propose(study, by=by)
    return f"{persons(found.n_judged)} judged, {found.n_earned} of them earned the bonus. Look through it below."


def _prepare(request: HttpRequest, study: Study, by: str) -> None:
    payment_ledger.prepare(study, [row_number(value) for value in request.POST.getlist("payment")], by=by)


def _withhold(request: HttpRequest, study: Study, by: str) -> None:
    payment, reason = _payment(request, study), reason_of(request)
    if reason:
        payment_ledger.withhold(payment, reason=reason, by=by)
    else:
        messages.error(
            request, "Give the reason why it is not paid. It is recorded in the ledger and in the audit log."
        )


def _owe_again(request: HttpRequest, study: Study, by: str) -> None:
    payment_ledger.withhold(_payment(request, study), reason="", by=by)


def _payment(request: HttpRequest, study: Study) -> Payment:
    return get_object_or_404(study.payments, pk=row_number(request.POST.get("one")))


def _hand_out(request: HttpRequest, study: Study, by: str) -> HttpResponse:
    batch = _batch(request, study)
    return file_answer(payment_files.hand_out(batch, by=by), CSV, f"{study.slug}-payments-{batch.pk}.csv")


def _to_batch(do: Callable[..., None], said: str, request: HttpRequest, study: Study, by: str) -> str:
    """Do something to the batch that the form names, and say so."""
    do(_batch(request, study), by=by)
    return said


def _batch(request: HttpRequest, study: Study) -> PaymentBatch:
    return get_object_or_404(study.payment_batches, pk=row_number(request.POST.get("batch")))


ACTS: dict[str, Act] = {
    "propose": _propose,
    "prepare": _prepare,
    "withhold": _withhold,
    "owe_again": _owe_again,
    "file": _hand_out,
    "send": partial(_to_batch, payment_ledger.send, "The batch goes to Prolific. This page shows when it is paid."),
    "undo_batch": partial(
        _to_batch, payment_ledger.undo_batch, "The batch is undone: its payments are owed as before."
    ),
    "record_paid": partial(_to_batch, payment_ledger.record_paid, "Noted as paid."),
    "record_not_sent": partial(
        _to_batch, payment_ledger.record_not_sent, "Noted. You can send the batch or take its file again."
    ),
    "pay_again": partial(_to_batch, payment_ledger.pay_again, "Prolific is asked to pay the same request."),
}
