"""The ledger of money: what is owed is proposed, looked through, put into a batch, and sent or handed out, each once.

A payment is one row with a key, so that a rule or a form that comes twice makes one. From there it moves with its batch
alone: owed, in a batch that is under way, settled. `payment_sender` does what a sent batch needs of Prolific.
"""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from annotations.base.row_changes import change
from annotations.base.service_errors import NoProlificToken, NotPossible, ServiceError
from annotations.log import audit
from annotations.models import UNDER_WAY, BatchState, Payment, PaymentBatch, Study, Submission
from annotations.payments import bonuses
from annotations.payments import compared_records as reconciliation
from annotations.payments.discrepancies import is_unlisted
from annotations.prolific import submissions
from annotations.prolific_client.statuses import Status
from annotations.queue import worker_wakeup

BY_HAND = "by hand"
REWARD = "reward as a bonus"  # of somebody whom Prolific does not pay any more
UNPAID = (Status.RETURNED, Status.TIMED_OUT)  # by Prolific, whatever was done here
MOVED_ON = "This batch has changed since the page was loaded. Reload the page to see its state."


@dataclass(frozen=True)
class Proposal:
    """What applying the bonus rule did: people it judged, those who earned the bonus, all of them new in the ledger."""

    n_judged: int
    n_earned: int


def propose(study: Study, *, by: str) -> Proposal:
    """Apply the study's bonus rule to everybody who completed it and has no bonus yet. Nothing is sent by it.

    Idempotent: a person's payment has the rule and the submission as its key. Raises NotPossible without an amount.
    """
    if not study.bonus_cents:
        raise NotPossible("This study has no bonus. The amount can be set only while the study is a draft.")
    n_judged = n_earned = 0
    for verdict in bonuses.verdicts(study):
        n_judged += 1
        if verdict.is_earned:
            key = f"{bonuses.RULE}:{verdict.submission.pk}"
            reason = verdict.sentence(study.goal)
            n_earned += _owe(verdict.submission, bonuses.RULE, study.bonus_cents, reason, key, by)
    audit.record("bonuses_proposed", study, by=by, judged=n_judged, earned=n_earned)
    return Proposal(n_judged, n_earned)


def add_by_hand(submission: Submission, cents: int, *, reason: str, by: str, form: uuid.UUID) -> bool:
    """Owe somebody an amount for a reason, and say whether it is new: the same form sent twice owes once."""
    return _owe_audited(submission, BY_HAND, cents, reason, f"hand:{form}", by)


def owe_reward(submission: Submission, *, reason: str, by: str) -> bool:
    """Owe the study's reward to somebody who did the work and whose submission pays nothing; once a submission."""
    cents = submission.study.reward_cents
    if not cents:
        raise NotPossible("The study has no reward. Enter an amount by hand on the submission’s page.")
    return _owe_audited(submission, REWARD, cents, reason, f"reward:{submission.pk}", by)


def withhold(payment: Payment, *, reason: str, by: str) -> None:
    """Decide that an owed payment is not paid; an empty reason takes that back. The rule does not propose it again."""
    with transaction.atomic():
        locked = Payment.objects.select_for_update().get(pk=payment.pk)
        if locked.batch_id is not None:
            raise NotPossible("This payment is already in a batch. If the batch has not been sent, undo it first.")
        change(locked, withheld_reason=reason.strip())
        act = "payment_withheld" if locked.withheld_reason else "payment_owed_again"
        audit.record(act, locked, by=by, reason=locked.withheld_reason)


def prepare(study: Study, payments: Collection[int], *, by: str) -> PaymentBatch:
    """Put owed payments into a batch, which then waits to be sent or handed out.

    Raises NotPossible where a batch of the study is under way, where one of them is not owed (any more), where
    Prolific does not know the submission or pays its reward after all, or where the person's id can no longer be read.
    """
    with transaction.atomic():
        Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        if under_way(study) is not None:
            raise NotPossible(
                "Another batch of this study is under way. Prolific accepts one batch at a time, so settle that "
                "one first."
            )
        rows = (
            Payment.objects.counted()
            .select_for_update(of=("self",))
            .select_related("submission__study", "submission__session")
        )
        owed = list(rows.filter(study=study, pk__in=payments, batch=None, withheld_reason="").order_by("pk"))
        if not owed or len(owed) != len(set(payments)):
            raise NotPossible("None of the chosen payments is owed any more. Reload the page, and choose again.")
        listed = reconciliation.listed_at(study)
        for payment in owed:
            _refuse_unpayable(payment, listed)
        batch = PaymentBatch.objects.create(study=study, created_by=by)
        Payment.objects.filter(pk__in=[payment.pk for payment in owed]).update(batch=batch)
        cents = sum(payment.amount_cents for payment in owed)
        audit.record("payments_prepared", batch, by=by, payments=len(owed), cents=cents)
    return batch


def send(batch: PaymentBatch, *, by: str) -> None:
    """Have a worker pay a prepared batch at Prolific. Raises NoProlificToken, NotPossible."""
    if not settings.PROLIFIC_TOKEN:
        raise NoProlificToken
    with moving(batch, lambda now: now.waits) as locked:
        refuse_paid_on_prolific(locked)
        change(locked, due_at=timezone.now())
        audit.record("payments_sent", locked, by=by)
        worker_wakeup.dispatch_on_commit(worker_wakeup.CALL_PROLIFIC)


def undo_batch(batch: PaymentBatch, *, by: str) -> None:
    """Give the payments of a batch that was neither sent nor handed out back to the list of what is owed."""
    with moving(batch, lambda now: now.waits) as locked:
        audit.record("payments_undone", locked, by=by)
        locked.payments.update(batch=None)
        locked.delete()


@contextmanager
def moving(batch: PaymentBatch, fits: Callable[[PaymentBatch], bool]) -> Iterator[PaymentBatch]:
    """Hold a batch as it is now, and its study, for what moves it on. Raises NotPossible where it does not fit."""
    with transaction.atomic():
        Study.objects.select_for_update(no_key=True).get(pk=batch.study_id)
        rows = PaymentBatch.objects.select_for_update(of=("self",)).select_related("study")
        locked = rows.filter(pk=batch.pk).first()
        if locked is None or not fits(locked):
            raise NotPossible(MOVED_ON)
        yield locked


def refuse_paid_on_prolific(batch: PaymentBatch) -> None:
    """Raise NotPossible where Prolific pays a reward of the batch itself by now: a late hand-in was taken there."""
    for payment in batch.payments.select_related("submission"):
        _refuse_paid_on_prolific(payment)


def amounts(batch: PaymentBatch) -> Counter[str]:
    """Return what each person gets in hundredths, by their id on Prolific: one sum a person, however many payments."""
    cents: Counter[str] = Counter()
    for payment in batch.payments.select_related("submission__study").order_by("pk"):
        cents[submissions.ids_of(payment.submission).participant] += payment.amount_cents
    if not cents:
        raise NotPossible("This batch contains no payments. Undo it.")
    return cents


def under_way(study: Study) -> PaymentBatch | None:
    """Return the batch of the study that is neither settled nor failed, None where there is none."""
    return study.payment_batches.filter(state__in=UNDER_WAY).first()


# -- What only a person can say, after looking at Prolific's page -----------------------------------------------------
def record_paid(batch: PaymentBatch, *, by: str) -> None:
    """Somebody saw on Prolific's page that it was paid."""
    with moving(batch, lambda now: now.may_be_there) as locked:
        change(locked, state=BatchState.PAID, due_at=None, finished_at=timezone.now())
        audit.record("payments_seen_paid", locked, by=by)


def record_not_sent(batch: PaymentBatch, *, by: str) -> None:
    """Somebody saw on Prolific's page that nothing of it is there: it can be sent or handed out anew."""
    with moving(batch, lambda now: now.is_in_question) as locked:
        _refuse_second(locked)
        fresh = {"state": BatchState.PREPARED, "due_at": None, "outside_id": "", "attempts": 0}
        change(locked, **fresh, last_error="", finished_at=None)
        audit.record("payments_seen_missing", locked, by=by)


def pay_again(batch: PaymentBatch, *, by: str) -> None:
    """Have Prolific pay the very request that it has already: no second one is made."""
    if not settings.PROLIFIC_TOKEN:
        raise NoProlificToken
    with moving(batch, lambda now: now.is_in_question and now.outside_id != "") as locked:
        _refuse_second(locked)
        if locked.state == BatchState.FAILED:  # so another refusal says why, too; from a doubt it only deepens it
            locked.attempts = 0
        fresh = {"state": BatchState.SENT, "due_at": timezone.now(), "attempts": locked.attempts}
        change(locked, **fresh, last_error="asked again", finished_at=None)
        audit.record("payments_sent_again", locked, by=by)
        worker_wakeup.dispatch_on_commit(worker_wakeup.CALL_PROLIFIC)


def _owe_audited(submission: Submission, rule: str, cents: int, reason: str, key: str, by: str) -> bool:
    with transaction.atomic():
        is_new = _owe(submission, rule, cents, reason, key, by)
        if is_new:
            audit.record("payment_owed", submission, by=by, reason=reason, cents=cents)
    return is_new


def _owe(submission: Submission, rule: str, cents: int, reason: str, key: str, by: str) -> bool:
    _payment, is_new = Payment.objects.get_or_create(
        study=submission.study,
        idempotency_key=key,
        defaults={
            "submission": submission,
            "rule": rule,
            "reason": reason,
            "amount_cents": cents,
            "currency": submission.study.currency,
            "created_by": by,
        },
    )
    return is_new


def _refuse_paid_on_prolific(payment: Payment) -> None:
    submission = payment.submission
    if payment.rule == REWARD and submission.status not in UNPAID:
        raise NotPossible(
            f"{submission} has status “{submission.status}”, so Prolific can still pay the reward. Withhold this "
            "bonus. If it is in a batch, undo the batch first."
        )


def _refuse_unpayable(payment: Payment, listed: dt.datetime | None) -> None:
    _refuse_paid_on_prolific(payment)
    submission = payment.submission
    came_at = submission.session.created_at if submission.session else None
    if is_unlisted(came_at, submission.seen_at, listed):
        raise NotPossible(
            f"Prolific does not list {submission}, and one unknown submission makes it reject the whole batch. "
            "Leave this payment out."
        )
    if submission.is_of_another:
        raise NotPossible(
            f"Prolific names another participant for {submission}. Resolve this on Prolific’s page first."
        )
    try:
        submissions.ids_of(submission)
    except ServiceError as error:
        raise NotPossible(f"{submission} cannot be paid from here. {error.message}") from error


def _refuse_second(batch: PaymentBatch) -> None:
    """One batch of a study at a time; the caller has locked the study."""
    other = under_way(batch.study)
    if other is not None and other.pk != batch.pk:
        raise NotPossible("Another batch of this study is under way. Settle that batch first.")
