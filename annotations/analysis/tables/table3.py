"""The paper's table 3: every phrase of a task in one of three lists."""

from dataclasses import dataclass
from enum import StrEnum

from annotations.analysis.observations.packed_phrases import Packed
from annotations.base.tables.columns import Table, worded


class PhraseList(StrEnum):
    """The table's rows, in its order and words."""

    BEST_ACCURACY = "Best WGA (per-user)"
    BEST_SCORE = "Best Error Score (per-user)"
    OTHERS = "All Others"


_BEST_BY = {PhraseList.BEST_ACCURACY: "accuracy", PhraseList.BEST_SCORE: "error_score"}


@dataclass(frozen=True, slots=True)
class Listed:
    """A phrase in a list; one that is best in both ways is in both lists. phrase: its id."""

    task: int
    phrase_list: PhraseList
    text: str
    participant: str
    error_score: float | None
    worst_group_accuracy: float | None
    phrase: int = 0


TABLE_3: Table[Listed] = worded(__package__, "table_3")


def table_3(tried: Packed) -> tuple[Listed, ...]:
    """Return all phrases by task, list, alphabet, participant, then as they came.

    Best WGA has each participant's phrase with the highest worst-group accuracy on test (so chosen on test), Best Error
    Score the one with the highest error score, the earliest of tied ones; All Others what is in neither. A participant
    without a finished run has no phrase in the first list, one without a score none in the second.
    """
    best = {name: set(tried.best_places(column).tolist()) for name, column in _BEST_BY.items()}
    rows: list[Listed] = []
    for place, each in enumerate(tried):
        values = each.text, each.participant, each.error_score, each.worst_group_accuracy, each.phrase
        lists = [name for name, places in best.items() if place in places] or [PhraseList.OTHERS]
        rows += [Listed(each.task, name, *values) for name in lists]
    order = list(PhraseList).index
    rows.sort(key=lambda row: (row.task, order(row.phrase_list), row.text.casefold(), row.participant))
    return tuple(rows)
