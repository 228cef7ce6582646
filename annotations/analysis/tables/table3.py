"""The paper's table 3: every phrase of a task in one of three lists."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import eq
from typing import overload

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.observations.packed_phrases import Packed
from annotations.analysis.observations.person_tasks import Tried


class PhraseList(StrEnum):
    """The table's rows, in its order and words."""

    BEST_ACCURACY = "Best WGA (per-user)"
    BEST_SCORE = "Best Error Score (per-user)"
    OTHERS = "All Others"


_LISTS = tuple(PhraseList)


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


class Table3(Sequence[Listed]):
    """The rows of table 3, made as they are looked at: phrases, and the list that each stands in, in the table's order.

    lists: int64, the number of each phrase's list.
    """

    def __init__(self, tried: Packed, lists: NDArray[np.int64]) -> None:
        self._tried, self._lists = tried, lists

    def __len__(self) -> int:
        return len(self._lists)

    def __iter__(self) -> Iterator[Listed]:
        return map(_listed, self._tried, self._lists.tolist())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(eq, self, other))

    __hash__ = None  # type: ignore[assignment]  # as of a list

    @overload
    def __getitem__(self, place: int) -> Listed: ...
    @overload
    def __getitem__(self, place: slice) -> "Table3": ...
    def __getitem__(self, place: int | slice) -> "Listed | Table3":
        if isinstance(place, slice):
            return Table3(self._tried[place], self._lists[place])
        return _listed(self._tried[place], int(self._lists[place]))


def table_3(tried: Packed) -> Table3:
    """Return all phrases by task, list, then alphabet.

    Best WGA has each participant's phrase with the highest worst-group accuracy on test (so chosen on test), Best Error
    Score the one with the highest error score, the earliest of tied ones; All Others what is in neither. A participant
    without a finished run has no phrase in the first list, one without a score none in the second.
    """
    places, lists = _in_lists(tried)
    order = _order(tried.at(places), lists)
    return Table3(tried.at(places[order]), lists[order])


def _in_lists(tried: Packed) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The place of each row's phrase among those tried, and the number of its list."""
    best = {
        PhraseList.BEST_ACCURACY: tried.best_places("accuracy"),
        PhraseList.BEST_SCORE: tried.best_places("error_score"),
    }
    others = np.setdiff1d(np.arange(len(tried)), np.concatenate(list(best.values())))
    places = [best.get(name, others) for name in PhraseList]
    return np.concatenate(places), np.repeat(np.arange(len(places)), [len(each) for each in places])


def _order(tried: Packed, lists: NDArray[np.int64]) -> NDArray[np.int64]:
    """By task, list, alphabet, participant, then as they came."""
    names = tried.column("person")
    keys = (_ranks(tried.participants)[names], _ranks([each.text.casefold() for each in tried]), lists)
    return np.lexsort((*keys, tried.column("task")))


def _ranks(words: Sequence[str]) -> NDArray[np.int64]:
    """The place of each word in the alphabet; equal ones have the same."""
    order = sorted(range(len(words)), key=words.__getitem__)
    is_new = [place > 0 and words[i] != words[order[place - 1]] for place, i in enumerate(order)]
    ranks = np.empty(len(words), np.int64)
    ranks[order] = np.cumsum(is_new)
    return ranks


def _listed(tried: Tried, number: int) -> Listed:
    phrase_list = _LISTS[number]
    values = tried.text, tried.participant, tried.error_score, tried.worst_group_accuracy, tried.phrase
    return Listed(tried.task, phrase_list, *values)
