"""The paper's table 3: every phrase of a task in one of three lists."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from annotations.analysis.people import Key, Tried, accuracy_of, best_by, error_score_of


class PhraseList(StrEnum):
    """The table's rows, in its order and words."""

    BEST_ACCURACY = "Best WGA (per-user)"
    BEST_SCORE = "Best Error Score (per-user)"
    OTHERS = "All Others"


@dataclass(frozen=True, slots=True)
class Listed:
    """A phrase in a list; one that is best in both ways is in both lists."""

    task: int
    phrase_list: PhraseList
    text: str
    participant: str
    error_score: float | None
    worst_group_accuracy: float | None


def table_3(tried: Mapping[Key, list[Tried]]) -> tuple[Listed, ...]:
    """Return all phrases by task, list, then alphabet. tried: from `people.by_person`.

    Best WGA has each participant's phrase with the highest worst-group accuracy on test (so chosen on test), Best Error
    Score the one with the highest error score, the earliest of tied ones; All Others what is in neither. A participant
    without a finished run has no phrase in the first list, one without a score none in the second.
    """
    listed: list[Listed] = []
    for phrases in tried.values():
        best = {
            PhraseList.BEST_ACCURACY: best_by(phrases, accuracy_of),
            PhraseList.BEST_SCORE: best_by(phrases, error_score_of),
        }
        chosen = [each for each in best.values() if each is not None]
        listed += [_listed(name, each) for name, each in best.items() if each is not None]
        listed += [_listed(PhraseList.OTHERS, each) for each in phrases if not any(each is one for one in chosen)]
    order = list(PhraseList)
    return tuple(
        sorted(listed, key=lambda row: (row.task, order.index(row.phrase_list), row.text.casefold(), row.participant))
    )


def counted(rows: list[Listed]) -> list[tuple[str, int]]:
    """Return the distinct texts of some rows and how often each is there, in their order."""
    return list(Counter(row.text for row in rows).items())


def _listed(phrase_list: PhraseList, tried: Tried) -> Listed:
    return Listed(tried.task, phrase_list, tried.text, tried.participant, tried.error_score, tried.worst_group_accuracy)
