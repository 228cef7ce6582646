"""Sending what coordinators asked for (`requests`): each row until it is done, or until it is clear that it cannot be.

A claim moves `due_at` on before the call is made, so a worker that dies leaves the row due again, and no transaction
waits for Prolific. Whatever was tried before is looked at first: what is in effect by now is done.
"""

import datetime as dt
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from annotations.base.service_errors import IdentityDestroyed, ServiceError
from annotations.models import ProlificRequest, RequestState
from annotations.prolific import recruitment, study_status
from annotations.prolific.recruitment import TRANSITIONS
from annotations.prolific.retry_schedule import LEASE, MAX_TRIES, TOKEN_WAIT, next_try_in
from annotations.prolific.submissions import Source, ids_of, note_remote
from annotations.prolific_client.client import Prolific
from annotations.prolific_client.outside_ids import OutsideIds
from annotations.prolific_client.prolific_errors import ProlificError, Refused, TokenRefused
from annotations.prolific_client.statuses import REACHED_BY

BULK_SETTLES_IN = dt.timedelta(minutes=10)  # the poll brings what a bulk approval did; then each is looked at
BUDGET_S = 15.0  # a worker's turn; others wait for it
_CHUNK = 100


def call_due(prolific: Prolific, *, clock: Callable[[], float] = time.monotonic) -> int:
    """Send due requests for BUDGET_S at most, and return how many are done by it.

    Raises TokenRefused: every request waits, and none has failed for that.
    """
    done = 0
    ends = clock() + BUDGET_S
    while clock() < ends and (claimed := _claim(timezone.now())):
        left = {row.pk: row for row in claimed}
        try:
            for rows in _parts(claimed):
                if clock() >= ends:
                    break
                send = _approve_together if len(rows) > 1 else _call_one
                done += send(prolific, rows)
                for row in rows:
                    del left[row.pk]
        except TokenRefused:
            _give_back(left.values(), TOKEN_WAIT)
            raise
        _give_back(left.values(), dt.timedelta(0))
    return done


def _claim(now: dt.datetime) -> list[ProlificRequest]:
    """Take up the requests that are due, oldest first; each is counted as tried.

    In the table the last error is emptied: a request that was tried, and has none, is one whose worker ended in the
    middle. The rows that are returned still have it, for those that are given back.
    """
    with transaction.atomic():
        due = ProlificRequest.objects.filter(state=RequestState.PENDING, due_at__lte=now).order_by("due_at", "id")
        due = due.exclude(recruitment.has_to_wait())
        ids = [row.pk for row in due.select_for_update(of=("self",), skip_locked=True)[:_CHUNK]]
        rows = ProlificRequest.objects.filter(pk__in=ids)
        claimed = list(rows.select_related("study", "submission__study").order_by("id"))
        rows.update(attempts=F("attempts") + 1, due_at=now + LEASE, last_error="")
    for row in claimed:
        row.attempts += 1
    return claimed


def _parts(claimed: Sequence[ProlificRequest]) -> list[list[ProlificRequest]]:
    """Approvals of a study that nobody tried yet go together, everything else alone."""

    def key(row: ProlificRequest) -> tuple[int, int]:
        return (row.study_id, 0) if row.act == "approve" and row.attempts == 1 else (row.study_id, row.pk)

    return [list(group) for _key, group in groupby(sorted(claimed, key=key), key=key)]


def _approve_together(prolific: Prolific, rows: Sequence[ProlificRequest]) -> int:
    """Ask for all in one call. None is done by it yet: Prolific says so later, or each is looked at."""
    sessions = {}
    for row in rows:
        try:
            sessions[row.pk] = _ids(row).session
        except ServiceError as error:
            _fail(row, str(error))
    asked = [row for row in rows if row.pk in sessions]
    if not asked:
        return 0
    try:
        prolific.bulk_approve(list(sessions.values()))
    except TokenRefused:
        raise
    except Refused as error:
        _postpone(asked, dt.timedelta(0), str(error))  # one of them cannot be approved: now each by itself
    except ProlificError as error:
        for row in asked:
            _after(error, row)
    else:
        _postpone(asked, BULK_SETTLES_IN)
    return 0


def _call_one(prolific: Prolific, rows: Sequence[ProlificRequest]) -> int:
    """Send the one request; return how many are done by it, 0 or 1."""
    (row,) = rows
    if row.act not in _ACTS:
        return _fail(row, "This version of Clarify does not ask Prolific for this. Do it on Prolific’s page.")
    if row.attempts > MAX_TRIES:
        return _fail(row, "The worker stopped at every attempt. Check the worker’s log, then send the request again.")
    if recruitment.is_superseded(row):
        return _fail(row, recruitment.SUPERSEDED)
    try:
        _bring_about(prolific, row)
    except ServiceError as error:
        return _fail(row, str(error))
    except TokenRefused:
        raise
    except ProlificError as error:
        return _after(error, row)
    return _end(row, RequestState.DONE)


def _bring_about(prolific: Prolific, row: ProlificRequest) -> None:
    """Have in effect what was asked for; raises the ProlificError where it is not."""
    act = _ACTS[row.act]
    if act.is_in_effect is None:
        if row.attempts > 1 and not row.last_error:  # no try that came to an end: its worker ended in the middle
            raise Refused(f"A worker stopped while it was sending this request. {act.doubt}")
        act.send(prolific, row)
        return
    if row.attempts > 1 and act.is_in_effect(prolific, row):
        return
    try:
        act.send(prolific, row)
    except Refused:
        if not act.is_in_effect(prolific, row):
            raise
        return
    with suppress(ProlificError):  # it is done; this only shows at once what came of it
        act.is_in_effect(prolific, row)


def _is_reached(prolific: Prolific, row: ProlificRequest) -> bool:
    """Look at the submission, and take in what Prolific says of it."""
    remote = prolific.submission(_ids(row).session)
    note_remote(row.study, remote, Source.ANSWER, row.submission)
    return remote.status in REACHED_BY[row.act] or (row.act == "request_return" and remote.return_requested)


def _move(prolific: Prolific, row: ProlificRequest) -> None:
    """Ask for the submission's transition, with what goes with it under Prolific's names."""
    given = {_NAMES[name]: value for name, value in row.detail.items() if name in _NAMES}
    prolific.transition(_ids(row).session, row.act.upper(), **given)


def _request_return(prolific: Prolific, row: ProlificRequest) -> None:
    prolific.request_return(_ids(row).session, [row.detail["reason"]])


def _write(prolific: Prolific, row: ProlificRequest) -> None:
    ids = _ids(row)
    prolific.send_message(ids.participant, row.study.external_study_id or ids.study, row.detail["text"])


@dataclass(frozen=True)
class _Act:
    """How something is asked of Prolific, and how to tell that it is so.

    is_in_effect: None for what is done again each time that it is sent; doubt: what to say where that may have been
    done.
    """

    send: Callable[[Prolific, ProlificRequest], None]
    is_in_effect: Callable[[Prolific, ProlificRequest], bool] | None = None
    doubt: str = ""


_NAMES = {"code": "completion_code", "message": "message", "category": "rejection_category"}
_ACTS = {
    **dict.fromkeys(("approve", "complete", "screen_out", "reject", "unreject"), _Act(_move, _is_reached)),
    "request_return": _Act(_request_return, _is_reached),
    "message": _Act(_write, doubt="Prolific may still have received it."),
    **dict.fromkeys(TRANSITIONS, _Act(study_status.send, study_status.is_in_effect)),
}


def _ids(row: ProlificRequest) -> OutsideIds:
    if row.submission is None:
        raise IdentityDestroyed
    return ids_of(row.submission)


def _after(error: ProlificError, row: ProlificRequest) -> int:
    """Try again later what may be tried again, and is worth it; what may have been done for good is not."""
    if recruitment.is_superseded(row):
        return _fail(row, recruitment.SUPERSEDED)
    act = _ACTS[row.act]
    may_repeat = error.is_undone or act.is_in_effect is not None
    if not (error.is_temporary and may_repeat and row.attempts < MAX_TRIES):
        return _fail(row, str(error) if may_repeat else f"{error} {act.doubt}")
    return _postpone([row], next_try_in(error, row.attempts), str(error))


def _fail(row: ProlificRequest, reason: str) -> int:
    return _end(row, RequestState.FAILED, reason)


def _end(row: ProlificRequest, state: RequestState, reason: str = "") -> int:
    """End a request that nothing else has ended meanwhile; return how many are done by it."""
    pending = ProlificRequest.objects.filter(pk=row.pk, state=RequestState.PENDING)
    with transaction.atomic():
        is_first = pending.update(state=state, finished_at=timezone.now(), last_error=reason)
        if is_first and row.submission is None:
            recruitment.note_end(row, state, reason)
    return int(state == RequestState.DONE)


def _postpone(rows: Sequence[ProlificRequest], wait: dt.timedelta, reason: str = "") -> int:
    pending = ProlificRequest.objects.filter(pk__in=[row.pk for row in rows], state=RequestState.PENDING)
    pending.update(due_at=timezone.now() + wait, last_error=reason)
    return 0


def _give_back(rows: Iterable[ProlificRequest], wait: dt.timedelta) -> None:
    """Leave claimed requests to a later turn, as if they had not been claimed."""
    for row in rows:
        pending = ProlificRequest.objects.filter(pk=row.pk, state=RequestState.PENDING)
        pending.update(attempts=F("attempts") - 1, due_at=timezone.now() + wait, last_error=row.last_error)
