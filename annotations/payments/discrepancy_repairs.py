"""Repairing what our records and Prolific disagree on: each repair is one act, audited, and fits only some states."""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from annotations.allocation import places
from annotations.base.service_errors import NotPossible
from annotations.log import audit
from annotations.models import (
    AllocationState,
    Outcome,
    ProlificRequest,
    Reconciliation,
    RequestState,
    Study,
    Submission,
)
from annotations.payments import payment_ledger
from annotations.prolific import recruitment, submission_requests
from annotations.prolific.submissions import AT_MOST_EVERY
from annotations.prolific_client.statuses import Status
from annotations.queue import worker_wakeup

BY_HAND = "by_hand"  # why a place was released
_OPEN = (Status.ACTIVE, Status.AWAITING_REVIEW)
_STATUSES = {
    "approve": (Status.AWAITING_REVIEW,),
    "complete": (Status.RESERVED, Status.ACTIVE, Status.TIMED_OUT),
    "request_return": _OPEN,
    "screen_out": _OPEN,
    "reject": (Status.AWAITING_REVIEW,),
    "unreject": (Status.REJECTED,),
}
_PAYS = ("approve", "complete")  # acts after which Prolific pays the reward
_LONG_AGO = dt.timedelta(days=1)


def allowed_actions(submission: Submission) -> tuple[str, ...]:
    """Return the acts that fit a submission as it stands, with `session` and its allocation already joined.

    A failed comprehension check is no reason to reject, so `reject` does not fit it. Whoever gets the reward as a bonus
    is not paid it by Prolific too, and the other way round, also where Prolific was only asked so far. Somebody else's
    submission is neither written to nor paid; of one whose ids are erased nothing is asked.
    """
    acts = [act for act, statuses in _STATUSES.items() if submission.status in statuses]
    session = submission.session
    gets_reward = any(
        each.rule == payment_ledger.REWARD and not each.withheld_reason for each in submission.payments.all()
    )
    if gets_reward:
        acts = [act for act in acts if act not in _PAYS]
    if session is not None and session.outcome == Outcome.FAILED_CHECK and "reject" in acts:
        acts.remove("reject")
    if submission.sealed_ids is None:
        acts = []
    elif not submission.is_of_another:
        acts.append("message")
        is_done = session is not None and session.outcome == Outcome.COMPLETED
        is_paid = gets_reward or submission.status not in payment_ledger.UNPAID or _is_asked_to_pay(submission)
        if is_done and not is_paid and submission.study.reward_cents:
            acts.append("pay_by_hand")
    allocation = getattr(session, "allocation", None)
    if allocation is not None and allocation.state == AllocationState.LIVE:
        acts.append("release_place")
    return tuple(acts)


def approve(submissions: list[Submission], *, by: str) -> int:
    """Ask Prolific to approve all of these that await review, and return how many are asked for now."""
    with transaction.atomic():
        waiting = [each for each in _locked(submissions) if "approve" in allowed_actions(each)]
        for each in waiting:
            submission_requests.ask(each, "approve", by=by)
    return len(waiting)


def ask(submission: Submission, act: submission_requests.Act, *, by: str, **detail: str) -> ProlificRequest:
    """Ask Prolific for an act that fits.

    Raises NotPossible for one that does not, and what `submission_requests.ask` raises.
    """
    with transaction.atomic():
        (locked,) = _locked([submission])
        if act not in allowed_actions(locked):
            standing = locked.status or "not known"
            raise NotPossible(
                f"This action is no longer possible because the submission has status “{standing}” on Prolific."
            )
        return submission_requests.ask(locked, act, by=by, **detail)


def ask_again(request: ProlificRequest, *, by: str) -> ProlificRequest:
    """Ask once more for what failed, as a new request; raises what `ask` does, NotPossible unless it failed."""
    if request.state != RequestState.FAILED or request.submission is None:
        raise NotPossible("This request did not fail. Only a failed request can be sent again.")
    return ask(request.submission, request.act, by=by, **request.detail)  # type: ignore[arg-type]  # an act, as it was


def release_place(submission: Submission, *, by: str) -> bool:
    """Give the place of a visit to somebody else, and say whether it held one. What was done in it is kept."""
    if submission.session is None:
        return False
    with transaction.atomic():
        is_released = places.release(submission.session, BY_HAND)
        if is_released:
            audit.record("place_released", submission, by=by)
    return is_released


def pay_reward(submission: Submission, *, by: str, reason: str) -> bool:
    """Owe the reward to somebody whom Prolific does not pay any more; it is sent with the next batch."""
    with transaction.atomic():
        (locked,) = _locked([submission])
        if "pay_by_hand" not in allowed_actions(locked):
            raise NotPossible(
                "The reward can be paid as a bonus only to a person who completed the visit and whom Prolific does "
                "not pay."
            )
        return payment_ledger.owe_reward(locked, reason=reason, by=by)


def refresh(study: Study, *, by: str) -> None:
    """Have a worker go through all submissions of the study at Prolific.

    Raises NoProlificToken, NotPossible, also where that was begun less than a minute ago: Prolific is not asked
    again so soon.
    """
    recruitment.refuse_unlinked(study)
    now = timezone.now()
    with transaction.atomic():
        polled = Reconciliation.objects.filter(study=study)
        if polled.filter(begun_at__gt=now - AT_MOST_EVERY).exists():
            raise NotPossible("All submissions were checked less than a minute ago. Try again in a minute.")
        polled.update(begun_at=now - _LONG_AGO)
        audit.record("submissions_looked_at", study, by=by)
        worker_wakeup.dispatch_on_commit(worker_wakeup.RECONCILE_SUBMISSIONS)


def _is_asked_to_pay(submission: Submission) -> bool:
    return any(each.act in _PAYS and each.state == RequestState.PENDING for each in submission.requests.all())


def _locked(submissions: Iterable[Submission]) -> list[Submission]:
    """These as they stand now, under a lock: of two acts on one of them at once, the second sees what the first did."""
    rows = Submission.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
    rows = rows.select_related("study", "session__allocation").prefetch_related("payments", "requests")
    return list(rows.filter(pk__in=[each.pk for each in submissions]))
