"""A batch of payments on the payments page."""

import datetime as dt
from typing import Any

import pytest

from annotations.models import BatchState, PaymentBatch
from annotations.payments.staff_pages.payments_page import shown_batch

NOW = dt.datetime(2026, 5, 1, 12, 0, tzinfo=dt.UTC)


def shown(state: BatchState, *, due: bool = False, outside_id: str = "", has_token: bool = True) -> dict[str, Any]:
    batch = PaymentBatch(state=state, due_at=NOW if due else None, outside_id=outside_id, last_error="It broke.")
    return shown_batch(batch, has_token=has_token)


@pytest.mark.parametrize(
    ("batch", "state", "mark"),
    [
        (shown(BatchState.PREPARED), "ready: send it, or take its file", ""),
        (shown(BatchState.PREPARED, due=True), "being sent", ""),
        (shown(BatchState.SENT), "set up on Prolific, being paid", ""),
        (shown(BatchState.UNSURE), "unsure: look at Prolific", "mark-failed"),
        (shown(BatchState.FAILED), "failed", "mark-failed"),
        (shown(BatchState.EXPORTED), "handed out as a file", "mark-done"),
        (shown(BatchState.PAID), "paid", "mark-done"),
    ],
)
def test_its_state_is_said_in_words(batch: dict[str, Any], state: str, mark: str) -> None:
    assert (batch["state"], batch["mark"]) == (state, mark)


@pytest.mark.parametrize(
    ("batch", "acts"),
    [
        (shown(BatchState.PREPARED), ["send", "file", "undo_batch"]),
        (shown(BatchState.PREPARED, has_token=False), ["file", "undo_batch"]),
        (shown(BatchState.PREPARED, due=True), []),
        (shown(BatchState.SENT), []),
        (shown(BatchState.UNSURE), ["record_paid", "record_not_sent"]),
        (shown(BatchState.FAILED), ["record_not_sent"]),
        (shown(BatchState.FAILED, outside_id="b1"), ["record_paid", "pay_again", "record_not_sent"]),
        (shown(BatchState.FAILED, outside_id="b1", has_token=False), ["record_paid", "record_not_sent"]),
        (shown(BatchState.EXPORTED), ["file"]),
        (shown(BatchState.PAID), []),
    ],
)
def test_only_the_acts_that_fit_are_offered(batch: dict[str, Any], acts: list[str]) -> None:
    assert [name for name, _, _ in batch["acts"]] == acts


def test_one_act_of_a_ready_batch_is_the_first() -> None:
    for has_token, first in ((True, "send"), (False, "file")):
        acts = shown(BatchState.PREPARED, has_token=has_token)["acts"]
        assert [name for name, _, look in acts if look == "first"] == [first]


def test_a_batch_that_never_reached_prolific_is_made_ready_again() -> None:
    labels = {
        batch["batch"].state: batch["acts"][-1][1] for batch in (shown(BatchState.FAILED), shown(BatchState.UNSURE))
    }
    assert labels == {"failed": "Make it ready again", "unsure": "Nothing of it is on Prolific"}


def test_an_error_is_shown_until_it_is_paid() -> None:
    assert shown(BatchState.FAILED)["error"] == "It broke."
    assert shown(BatchState.PAID)["error"] == ""
