"""Paying a batch at Prolific: set up one bonus request, note its id, pay it. Nothing is ever set up twice blindly.

A claim is committed before each call, with the last error emptied. Whoever finds a claim without an error knows that
its worker ended in the middle: before Prolific's id was noted, nobody here can tell whether the request exists, so the
batch asks a person. Once the id is noted, paying it again is harmless: Prolific pays a request once.
"""

import datetime as dt

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from annotations.base.row_changes import change
from annotations.base.service_errors import ServiceError
from annotations.log import audit
from annotations.models import BatchState, PaymentBatch
from annotations.payments.payment_ledger import amounts
from annotations.prolific.retry_schedule import LEASE, MAX_TRIES, TOKEN_WAIT, next_try_in
from annotations.prolific.submissions import ids_of
from annotations.prolific_client.client import Prolific
from annotations.prolific_client.prolific_errors import ProlificError, TokenRefused

_ENDED = "A worker stopped while it was setting up these bonuses."
_WAITS = (BatchState.PREPARED, BatchState.SENT)


def send_due(prolific: Prolific) -> int:
    """Take every due batch as far as it goes, and return how many were paid.

    Raises TokenRefused: the batch waits, and has not failed for that.
    """
    paid = 0
    while (batch := _claim(timezone.now())) is not None:
        if batch.state == BatchState.PREPARED:
            _set_up(prolific, batch)
        if batch.state == BatchState.SENT:
            paid += _pay(prolific, batch)
    return paid


def _claim(now: dt.datetime) -> PaymentBatch | None:
    """Take up a due batch; one whose worker ended while it set it up becomes a question, and is passed over."""
    with transaction.atomic():
        due = PaymentBatch.objects.filter(state__in=_WAITS, due_at__lte=now).order_by("due_at", "pk")
        for batch in due.select_for_update(of=("self",), skip_locked=True).select_related("study"):
            if batch.state == BatchState.PREPARED and batch.attempts and not batch.last_error:
                _end(batch, BatchState.UNSURE, _ENDED)
                continue
            PaymentBatch.objects.filter(pk=batch.pk).update(
                attempts=F("attempts") + 1, last_error="", due_at=now + LEASE
            )
            batch.refresh_from_db(fields=["attempts", "last_error", "due_at"])
            return batch
    return None


def _set_up(prolific: Prolific, batch: PaymentBatch) -> None:
    try:
        lines = amounts(batch)
        study_id = batch.study.external_study_id or _study_id_of(batch)
    except ServiceError as error:
        _end(batch, BatchState.FAILED, error.message)
        return
    try:
        outside_id = prolific.create_bonuses(study_id, lines.items())
    except TokenRefused as error:
        _give_back(batch, error)
        raise
    except ProlificError as error:
        _after(error, batch, is_unsure=not error.is_undone)
        return
    change(batch, state=BatchState.SENT, outside_id=outside_id, attempts=1)


def _study_id_of(batch: PaymentBatch) -> str:
    """The study on Prolific that a submission tells of: not all do."""
    paid = batch.payments.select_related("submission__study").order_by("pk")
    return next(filter(None, (ids_of(payment.submission).study for payment in paid)), "")


def _pay(prolific: Prolific, batch: PaymentBatch) -> int:
    """Pay the request that was set up; return 1 where Prolific took that on.

    A refusal of the first try says why. One of a later try may only say that an earlier one did it.
    """
    try:
        prolific.pay_bonuses(batch.outside_id)
    except TokenRefused as error:
        _give_back(batch, error)
        raise
    except ProlificError as error:
        if error.is_temporary and batch.attempts < MAX_TRIES:
            _postpone(batch, error)
        else:
            _after(error, batch, is_unsure=batch.attempts > 1 or not error.is_undone)
        return 0
    _end(batch, BatchState.PAID, "")
    audit.record("payments_paid", batch, by=audit.SYSTEM)
    return 1


def _after(error: ProlificError, batch: PaymentBatch, *, is_unsure: bool) -> None:
    """Ask a person where it may have happened; else try later what may be tried again, and is worth it."""
    if is_unsure:
        _end(batch, BatchState.UNSURE, str(error))
    elif error.is_temporary and batch.attempts < MAX_TRIES:
        _postpone(batch, error)
    else:
        _end(batch, BatchState.FAILED, str(error))


def _postpone(batch: PaymentBatch, error: ProlificError) -> None:
    due_at = timezone.now() + next_try_in(error, batch.attempts)
    change(batch, due_at=due_at, last_error=str(error))


def _give_back(batch: PaymentBatch, error: ProlificError) -> None:
    """Leave a claimed batch to a later turn: nothing was done, and it does not count as tried."""
    change(batch, due_at=timezone.now() + TOKEN_WAIT, last_error=str(error), attempts=batch.attempts - 1)


def _end(batch: PaymentBatch, state: BatchState, reason: str) -> None:
    finished_at = None if state == BatchState.UNSURE else timezone.now()
    change(batch, state=state, due_at=None, last_error=reason, finished_at=finished_at)
