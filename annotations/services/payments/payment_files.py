"""Files for whoever pays by hand on Prolific's page: amounts, and lists of submissions. They hold outside ids.

For coordinators alone, each one audited, and never part of a release: this module is asked by the money pages only.
"""

from collections.abc import Iterable
from typing import Literal

from django.db import transaction
from django.utils import timezone

from annotations.models import BatchState, Payment, PaymentBatch, Study, Submission
from annotations.prolific.client import bonus_lines, units
from annotations.readings.payments.discrepancies import own_code
from annotations.services.common.row_changes import change
from annotations.services.common.service_errors import IdentityDestroyed, IdentityUnreadable, PaymentRefused
from annotations.services.logs import audit
from annotations.services.payments.payment_ledger import MOVED_ON, amounts, refuse_paid_on_prolific
from annotations.services.prolific.submissions import ids_of
from annotations.tables.columns import csv_text

Form = Literal["ids", "codes"]


def hand_out(batch: PaymentBatch, form: Form, *, by: str) -> str:
    """Return a batch as a file, and mark it as handed out: from then on it counts as paid.

    ids: lines "participant id,amount" without a header, as Prolific's bulk bonus box takes them, one a person;
    codes: under pseudonyms, with the completion code that each person has, for whoever pays people by their codes;
    a study's codes are those of its outcomes, so they say who is who only where `has_distinct_codes`.
    The same batch can be handed out again. Raises PaymentRefused once it was sent to Prolific, and as
    `payment_ledger.refuse_paid_on_prolific`.
    """
    with transaction.atomic():
        locked = (
            PaymentBatch.objects.select_for_update(of=("self",)).select_related("study").filter(pk=batch.pk).first()
        )
        waits = locked is not None and locked.state == BatchState.PREPARED and locked.due_at is None
        if locked is None or not (waits or locked.state == BatchState.EXPORTED):
            raise PaymentRefused(MOVED_ON)
        if waits:
            refuse_paid_on_prolific(locked)
        text = bonus_lines(amounts(locked).items()) + "\n" if form == "ids" else _by_code(locked)
        change(locked, state=BatchState.EXPORTED, finished_at=locked.finished_at or timezone.now())
        subject = f"batch {locked.pk}"
        audit.record("payment_file", study=locked.study, by=by, subject=subject, form=form, again=not waits)
    return text


def has_distinct_codes(batch: PaymentBatch) -> bool:
    """Say whether each submission in a batch has a code of its own: where all got the study's one, none has."""
    codes = {payment.submission_id: _code(payment) for payment in batch.payments.all()}
    return len(set(codes.values())) == len(codes)


def submission_list(study: Study, submissions: Iterable[Submission], *, by: str, reason: str) -> str:
    """Return a CSV of submissions with their ids, for what is done with them on Prolific's page.

    Those whose ids are erased are left out. reason: what the list is of, for the audit log.
    """
    rows = []
    for submission in submissions:
        try:
            ids = ids_of(submission)
        except (IdentityDestroyed, IdentityUnreadable):
            continue
        rows.append(
            (ids.session, ids.participant, submission.submission_key, submission.status, submission.entered_code)
        )
    audit.record("submission_list", study=study, by=by, reason=reason, rows=len(rows))
    return csv_text(("Submission id", "Participant id", "Pseudonym here", "Status", "Completion code"), rows)


def _by_code(batch: PaymentBatch) -> str:
    payments = batch.payments.select_related("submission__study").order_by("pk")
    rows = [
        (
            payment.submission.submission_key,
            _code(payment),
            units(payment.amount_cents),
            payment.currency,
            payment.rule,
        )
        for payment in payments.select_related("study")
    ]
    return csv_text(("Submission", "Completion code", "Amount", "Currency", "For"), rows)


def _code(payment: Payment) -> str:
    return own_code(payment.submission.entered_code) or payment.study.completion_code
