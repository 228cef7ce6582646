"""What the pages say of each discrepancy, as discrepancies.toml has it: its name, what it means, and what mends it."""

from dataclasses import dataclass
from typing import Final, Literal

from annotations.base.word_files import read_words
from annotations.payments.discrepancies import Discrepancy

Repair = Literal["complete", "approve", "request_return", "message", "release_place", "refresh", "pay_by_hand"]


@dataclass(frozen=True)
class Words:
    """Texts about one kind of discrepancy.

    `repairs` are those of any status; `payments.discrepancy_repairs` says which of them fit a submission.
    """

    label: str
    meaning: str
    repairs: tuple[Repair, ...]


_FILE = read_words(__package__, "discrepancies")
WORDS: Final = {
    name: Words(of["label"], of["meaning"], tuple(of["repairs"]))
    for name, of in ((name, _FILE["discrepancies"][name]) for name in Discrepancy)
}
REPAIR_WORDS: Final[dict[Repair, str]] = _FILE["repairs"]
