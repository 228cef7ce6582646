"""A batch of payments as the payments page shows it: its state, the acts that fit it, and what to know about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

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


@dataclass(frozen=True)
class BatchAct:
    """A button of the page: the act that it names, its label, and its look."""

    name: str
    label: str
    look: Literal["", "first", "quiet"] = ""


@dataclass(frozen=True)
class ShownBatch:
    """`has_token`: this site can ask Prolific. `codes_are_alike`: several people in it have the same code."""

    batch: PaymentBatch
    has_token: bool
    codes_are_alike: bool

    @property
    def is_ready(self) -> bool:
        """Whether it waits for somebody to send it or to take its file."""
        return self.batch.state == BatchState.PREPARED and self.batch.due_at is None

    @property
    def is_being_sent(self) -> bool:
        return self.batch.state == BatchState.PREPARED and self.batch.due_at is not None

    @property
    def is_unsure(self) -> bool:
        return self.batch.state == BatchState.UNSURE

    @property
    def is_handed_out(self) -> bool:
        return self.batch.state == BatchState.EXPORTED

    @property
    def state(self) -> str:
        """Its state in words."""
        if self.is_being_sent:
            return "being sent"
        return _WORDS.get(self.batch.state) or self.batch.get_state_display().lower()

    @property
    def mark(self) -> str:
        """The class of its mark: none while nothing is decided."""
        return _MARKS.get(self.batch.state, "")

    @property
    def error(self) -> str:
        """What went wrong last; nothing once it is paid."""
        return "" if self.batch.state == BatchState.PAID else self.batch.last_error

    @property
    def warns_of_codes(self) -> bool:
        """Whether its file of codes can be taken and does not tell people apart."""
        return self.codes_are_alike and (self.is_ready or self.is_handed_out)

    @property
    def acts(self) -> tuple[BatchAct, ...]:
        """What can be done with it, the likeliest first."""
        if self.is_ready:
            return tuple(self._of_ready())
        if self.is_unsure or self.batch.state == BatchState.FAILED:
            return tuple(self._of_unsettled())
        if self.is_handed_out:
            again = ("file_ids", "The file again: ids"), ("file_codes", "The file again: codes")
            return tuple(BatchAct(name, label, "quiet") for name, label in again)
        return ()

    def _of_ready(self) -> Iterator[BatchAct]:
        if self.has_token:
            yield BatchAct("send", "Pay it through Prolific", "first")
        yield BatchAct("file_ids", "File: Prolific ids and amounts", "" if self.has_token else "first")
        yield BatchAct("file_codes", "File: codes and amounts")
        yield BatchAct("undo_batch", "Undo batch", "quiet")

    def _of_unsettled(self) -> Iterator[BatchAct]:
        """A batch without an id on Prolific that failed never reached it."""
        may_be_there = self.is_unsure or bool(self.batch.outside_id)
        if may_be_there:
            yield BatchAct("record_paid", "I see it paid on Prolific")
        if self.batch.outside_id and self.has_token:
            yield BatchAct("pay_again", "Pay that very request", "first")
        yield BatchAct("record_not_sent", "Nothing of it is on Prolific" if may_be_there else "Make it ready again")
