"""A batch of payments as the payments page shows it: its state, the acts that fit it, and what to know about it."""

from collections.abc import Iterator
from typing import Any, Final

from annotations.models import BatchState, PaymentBatch

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
