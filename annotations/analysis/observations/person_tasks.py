"""One participant on one task: the best phrase, what retraining with it gave, how many tries and how much time."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from modeling.arrays.phrases.null_level import null_level, null_mean
from modeling.arrays.retraining.control import own_gain


class Tried(NamedTuple):
    """A phrase as the analysis takes it. Of one person and task the earliest comes first.

    n_correct, n_error: images that its score stands on, 0 without a score; tries: distinct phrases that the person had
    tried for the class by then, None without a score. score: its id, 0 without one; key: what tells its
    annotation (`annotation_key`); meant: the words themselves where `text` stands for words that the staff hid.
    """

    task: int
    participant: str
    text: str
    error_score: float | None
    worst_group_accuracy: float | None
    n_correct: int = 0
    n_error: int = 0
    tries: int | None = None
    phrase: int = 0
    score: int = 0
    key: bytes = b""
    meant: str = ""


def annotation_key(text_digest: str, sign: int) -> bytes:
    """Return what is equal for phrases with one text embedding and one sign: they select the same images of a class."""
    return bytes.fromhex(text_digest) + (b"\2" if sign > 0 else b"\1")


@dataclass(frozen=True)
class Times:
    """Seconds of a person at a task. None where the browser reported no spans, or where the task has not ended.

    active: in view, with a hand on it, online, and not waiting for a score; waiting: for a score; wall: from the start
    to the end, or the sum of them over visits.
    """

    active: float | None = None
    waiting: float | None = None
    wall: float | None = None


NO_TIMES = Times()


@dataclass(frozen=True)
class PersonTask:
    """One participant on one task, over all of the participant's visits.

    best_error_score: in [0, 1], the earliest phrase wins a tie; None without a scored phrase. worst_group_accuracy: on
    test, of the run of that phrase, None where it has no finished run. worst_group_accuracy_chosen_on_test: the highest
    over all phrases, so optimistic: the test images have chosen the phrase. n_phrases: submitted; tries: distinct ones.
    null_level, null_mean: what the best of so many random phrases stays below in 19 of 20 cases, and reaches on
    average. control_worst_group: of the task's control, None until it is trained.
    """

    participant: str
    task: int
    condition: str | None
    n_phrases: int
    tries: int
    best_error_score: float | None
    best_phrase: str | None
    null_level: float | None
    null_mean: float | None
    worst_group_accuracy: float | None
    worst_group_accuracy_chosen_on_test: float | None
    phrase_chosen_on_test: str | None
    times: Times = NO_TIMES
    control_worst_group: float | None = None

    @property
    def own_gain(self) -> float | None:
        """What the phrase itself adds to worst-group accuracy on test; None without its run or its control."""
        if self.worst_group_accuracy is None or self.control_worst_group is None:
            return None
        return own_gain(self.worst_group_accuracy, self.control_worst_group)

    @property
    def beats_random_words(self) -> bool | None:
        """Whether the best score is above what random words reach; None without a score."""
        if self.best_error_score is None or self.null_level is None:
            return None
        return self.best_error_score > self.null_level


Key = tuple[int, str]  # task and participant


def best_by(tried: Iterable[Tried], value: Callable[[Tried], float | None]) -> Tried | None:
    """Return the phrase with the highest value, the earliest of tied ones; None where none has a value."""
    best: Tried | None = None
    highest = float("-inf")
    for each in tried:
        its = value(each)
        if its is not None and its > highest:
            best, highest = each, its
    return best


def error_score_of(tried: Tried) -> float | None:
    return tried.error_score


def accuracy_of(tried: Tried) -> float | None:
    return tried.worst_group_accuracy


def person_tasks(
    assigned: Iterable[Key],
    tried: Mapping[Key, Sequence[Tried]],
    conditions: Mapping[str, str | None],
    times: Mapping[Key, Times],
    controls: Mapping[int, float | None],
) -> tuple[PersonTask, ...]:
    """Return a row for everybody who was given a task, by task, then participant.

    tried: from `packed_phrases.by_person`. controls: worst-group accuracy of each task's control.
    """
    return tuple(
        _person_task(key, tried.get(key, ()), conditions.get(key[1]), times.get(key, NO_TIMES), controls.get(key[0]))
        for key in sorted(set(assigned))
    )


def _person_task(
    key: Key, tried: Sequence[Tried], condition: str | None, times: Times, control: float | None
) -> PersonTask:
    task, participant = key
    best, chosen = best_by(tried, error_score_of), best_by(tried, accuracy_of)
    tries = max(len({each.text for each in tried}), *(each.tries or 0 for each in tried), 0)
    return PersonTask(
        participant=participant,
        task=task,
        condition=condition,
        n_phrases=len(tried),
        tries=tries,
        best_error_score=best.error_score if best else None,
        best_phrase=best.text if best else None,
        null_level=null_level(best.n_correct, best.n_error, tries) if best else None,
        null_mean=null_mean(best.n_correct, best.n_error, tries) if best else None,
        worst_group_accuracy=best.worst_group_accuracy if best else None,
        worst_group_accuracy_chosen_on_test=chosen.worst_group_accuracy if chosen else None,
        phrase_chosen_on_test=chosen.text if chosen else None,
        times=times,
        control_worst_group=control,
    )
