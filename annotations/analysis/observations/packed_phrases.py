"""Tried phrases, packed: a study may have hundreds of thousands, and as objects they take five times as much memory."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.observations.person_tasks import Basis, Key, Tried
from annotations.analysis.statistics.estimate_types import Interval

_ROW = np.dtype(
    [
        ("task", np.int32),
        ("person", np.int32),  # its place among the names
        ("text_from", np.int64),
        ("text_to", np.int64),
        ("error_score", np.float64),  # not a number: None
        ("accuracy", np.float64),
        ("n_correct", np.int32),
        ("n_error", np.int32),
        ("tries", np.int32),  # below 0: None
        ("phrase", np.int64),
        ("score", np.int64),
        ("key", "S33"),
        ("without_run", np.int8),  # its place among _BASES
        ("gain_low", np.float64),  # not a number: None
        ("gain_high", np.float64),
    ]
)
_BASES = tuple(Basis)
_AT_ONCE = 2_000


class Packed(Sequence[Tried]):
    """A sequence of `Tried` in about 150 bytes each. A part of it, by a slice or by places, shares what it holds."""

    def __init__(self, tried: Iterable[Tried]) -> None:
        self._names: list[str] = []
        self._texts = bytearray()
        self._meant: dict[int, str] = {}  # the few that are not empty, by phrase
        blocks = list(self._blocks(iter(tried)))
        self._rows = np.concatenate(blocks) if blocks else np.empty(0, _ROW)
        self._places = np.arange(len(self._rows))

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Tried]:
        for start in range(0, len(self._places), _AT_ONCE):
            yield from map(self._unpacked, self._rows[self._places[start : start + _AT_ONCE]].tolist())

    @overload
    def __getitem__(self, place: int) -> Tried: ...
    @overload
    def __getitem__(self, place: slice) -> "Packed": ...
    def __getitem__(self, place: int | slice) -> "Tried | Packed":
        if isinstance(place, slice):
            return self.at(np.arange(len(self))[place])
        return self._unpacked(self._rows[self._places[place]].item())

    def at(self, places: NDArray[np.int64]) -> "Packed":
        """Return the phrases at some places, in the order of these."""
        part = object.__new__(Packed)
        part._names, part._texts, part._meant, part._rows = self._names, self._texts, self._meant, self._rows
        part._places = self._places[places]
        return part

    def column(self, name: str) -> NDArray[Any]:
        """Return a column of the rows, in their order: person is a number for each name."""
        return self._rows[name][self._places]

    def best_places(self, name: str) -> NDArray[np.int64]:
        """Return where each person's highest value of a column is, by task, the earliest of tied ones."""
        value = self.column(name)
        there = np.flatnonzero(~np.isnan(value))
        task, person = self.column("task")[there], self.column("person")[there]
        order = np.lexsort((-value[there], person, task))
        return there[order[_starts(task[order], person[order])]]

    def best_scores(self) -> list[int]:
        """Return the id of each person's best score, by task."""
        ids: list[int] = self.column("score")[self.best_places("error_score")].tolist()
        return ids

    def by_person(self) -> Iterator[tuple[Key, "Packed"]]:
        """Yield the phrases of each task and participant, in their order."""
        task, person = self.column("task"), self.column("person")
        for places in _groups(person, task):
            first = places[0]
            yield (int(task[first]), self._names[person[first]]), self.at(places)

    def by_task(self) -> dict[int, "Packed"]:
        """Return the phrases of each task, in their order."""
        task = self.column("task")
        return {int(task[places[0]]): self.at(places) for places in _groups(task)}

    def scored(self) -> "Packed":
        """Return those that have a score."""
        return self.at(np.flatnonzero(self.column("score") > 0))

    def _blocks(self, tried: Iterator[Tried]) -> Iterator[NDArray[Any]]:
        number: dict[str, int] = {}
        while rows := [self._packed(each, number) for each in islice(tried, _AT_ONCE)]:
            yield np.array(rows, _ROW)
        self._names = list(number)

    def _packed(self, each: Tried, number: dict[str, int]) -> tuple[Any, ...]:
        text_from = len(self._texts)
        self._texts += each.text.encode("utf-8")
        if each.meant:
            self._meant[each.phrase] = each.meant
        return (
            each.task,
            number.setdefault(each.participant, len(number)),
            text_from,
            len(self._texts),
            np.nan if each.error_score is None else each.error_score,
            np.nan if each.worst_group_accuracy is None else each.worst_group_accuracy,
            each.n_correct,
            each.n_error,
            -1 if each.tries is None else each.tries,
            each.phrase,
            each.score,
            each.key,
            _BASES.index(each.without_run),
            *(each.gain_interval or (np.nan, np.nan)),
        )

    def _unpacked(self, row: tuple[Any, ...]) -> Tried:
        task, person, text_from, text_to, error_score, accuracy, *rest = row
        n_correct, n_error, tries, phrase, score, key, without_run, low, high = rest
        return Tried(
            task,
            self._names[person],
            self._texts[text_from:text_to].decode("utf-8"),
            None if error_score != error_score else error_score,
            None if accuracy != accuracy else accuracy,
            n_correct,
            n_error,
            None if tries < 0 else tries,
            phrase,
            score,
            key,
            self._meant.get(phrase, ""),
            _BASES[without_run],
            None if low != low else Interval(low, high),
        )


def by_person(tried: Iterable[Tried]) -> dict[Key, Packed]:
    """Return the phrases of each task and participant, in their order."""
    return dict((tried if isinstance(tried, Packed) else Packed(tried)).by_person())


def _groups(*columns: NDArray[Any]) -> list[NDArray[np.int64]]:
    """The places of equal rows, by the last column first."""
    order = np.lexsort(columns)
    return np.split(order, _starts(*(column[order] for column in columns))[1:]) if len(order) else []


def _starts(*columns: NDArray[Any]) -> NDArray[np.int64]:
    """Where sorted rows differ from the row before, the first one included."""
    is_new = np.zeros(len(columns[0]), np.bool_)
    is_new[:1] = True
    for column in columns:
        is_new[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(is_new)


NOTHING = Packed(())
