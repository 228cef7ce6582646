"""One participant on one task: the best phrase, what retraining with it gave, how many tries and how much time."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.statistics.estimate_types import Interval
from clarify_errors.arrays.phrases.null_level import null_level, null_mean
from clarify_errors.arrays.phrases.vocabulary_level import chance_to_pass
from clarify_errors.arrays.phrases.worded_scale import BetterThanGuessing, better_than_guessing
from clarify_errors.arrays.retraining.control import own_gain
from clarify_errors.arrays.retraining.random_slices import percentile_among_best


class Vocabulary(Protocol):
    """What common words reach on a task: `models.VocabularyLevel`, or what a release has of it."""

    def of_sign(self, sign: int) -> float | None: ...
    def scores_of(self, sign: int) -> NDArray[np.float64]: ...


class Basis(StrEnum):
    """What a person's accuracy on a task rests on (docs/analysts/statistics.md, section on who is counted).

    run: on the run of their best phrase. no_phrase, refused: nothing can be retrained with, so it is the control's, and
    the own gain is 0. pending, failed: it is not known yet, or a computation failed, so the value is missing.
    """

    RUN = "run"
    NO_PHRASE = "no_phrase"
    REFUSED = "refused"
    PENDING = "pending"
    FAILED = "failed"


WITHOUT_RUN = (Basis.NO_PHRASE, Basis.REFUSED)
MISSING = (Basis.PENDING, Basis.FAILED)


class Tried(NamedTuple):
    """A phrase as the analysis takes it. Of one person and task the earliest comes first.

    n_correct, n_error: images that its score stands on, 0 without a score; tries: distinct phrases that the person had
    tried for the class by then, None without a score. score: its id, 0 without one; key: what tells its
    annotation (`annotation_key`); meant: the words themselves where `text` stands for words that the staff hid.
    without_run: what became of it where it has no accuracy. gain_interval: of its run's own gain, once it is measured.
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
    without_run: Basis = Basis.PENDING
    gain_interval: Interval | None = None

    @property
    def basis(self) -> Basis:
        """RUN where it has an accuracy, else why it has none."""
        return self.without_run if self.worst_group_accuracy is None else Basis.RUN

    @property
    def sign(self) -> int:
        """-1 for a negation, else 1."""
        return -1 if self.key.endswith(_NEGATED) else 1


_NEGATED = b"\1"


def annotation_key(text_digest: str, sign: int) -> bytes:
    """Return what is equal for phrases with one text embedding and one sign: they select the same images of a class."""
    return bytes.fromhex(text_digest) + (b"\2" if sign > 0 else _NEGATED)


@dataclass(frozen=True)
class Times:
    """Seconds of a person at a task. None where the browser reported no spans, or where the task has not ended.

    active: in view, with a hand on it, online, and not waiting for a score; waiting: for a score; wall: from the start
    to the end, or the sum of them over visits. end: how it ended (`EndReason`), done only where it was in every visit;
    empty while it lasts.
    """

    active: float | None = None
    waiting: float | None = None
    wall: float | None = None
    end: str = ""


NO_TIMES = Times()


@dataclass(frozen=True)
class RandomDraws:
    """Random slices that a run is judged beside: the score of each on validation, and what it reaches on test.

    is_telling: whether they differ, so that a place among them says something.
    """

    scores: Sequence[float]
    worst_groups: Sequence[float]
    is_telling: bool = True

    def percentile(self, worst_group: float, tries: int) -> float | None:
        """Return how many of 100 people reach less who take the best-scored of so many draws; None: no telling."""
        if not self.is_telling:
            return None
        return percentile_among_best(worst_group, np.array(self.worst_groups), np.array(self.scores), tries)


@dataclass(frozen=True)
class PersonTask:
    """One participant on one task, over all of the participant's visits.

    best_error_score: in [0, 1], the earliest phrase wins a tie; None without a scored phrase. run_worst_group: accuracy
    on test of the run of that phrase, None without a finished one; basis says why.
    worst_group_accuracy_chosen_on_test: the highest over all phrases, so optimistic: the test images have chosen the
    phrase. n_phrases: submitted; tries: distinct ones. null_level, null_mean: what the best of so many phrases that are
    unrelated to the errors stays below in 19 of 20 cases, and reaches on average. control_worst_group: of the task's
    control, None until it is trained. vocabulary_level: what one common word stays below so; None until these are
    scored, or of too few images. better: whether the best score is above both levels. guess_chance: that somebody
    passes both with as many random common words, negated where the best phrase is; None where that cannot be told.
    random_slice_percentile: of run_worst_group among what the best-scored of as many random slices as tries reach; None
    without a run, until they are trained, and where they are all but equal. own_gain_interval: for other test images,
    None without a run.
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
    run_worst_group: float | None
    worst_group_accuracy_chosen_on_test: float | None
    phrase_chosen_on_test: str | None
    times: Times = NO_TIMES
    control_worst_group: float | None = None
    basis: Basis = Basis.PENDING
    vocabulary_level: float | None = None
    better: BetterThanGuessing | None = None
    guess_chance: float | None = None
    random_slice_percentile: float | None = None
    own_gain_interval: Interval | None = None

    @property
    def worst_group_accuracy(self) -> float | None:
        """Return the accuracy by intention to treat: of the run, or of the control where there can be none."""
        return self.control_worst_group if self.basis in WITHOUT_RUN else self.run_worst_group

    @property
    def own_gain(self) -> float | None:
        """Return what the person's words add to worst-group accuracy on test, by intention to treat."""
        if self.basis in WITHOUT_RUN:
            return 0.0
        if self.run_worst_group is None or self.control_worst_group is None:
            return None
        return own_gain(self.run_worst_group, self.control_worst_group)


Key = tuple[int, str]  # task and participant


def best_by(tried: Iterable[Tried], value: Callable[[Tried], Any]) -> Tried | None:
    """Return the first of those with the highest value, None where none has a value."""
    return max((each for each in tried if value(each) is not None), key=value, default=None)


error_score_of, accuracy_of = attrgetter("error_score"), attrgetter("worst_group_accuracy")


def person_tasks(
    assigned: Iterable[Key],
    tried: Mapping[Key, Sequence[Tried]],
    conditions: Mapping[str, str | None],
    times: Mapping[Key, Times],
    controls: Mapping[int, float | None],
    at_work: Collection[Key] = frozenset(),
    vocabularies: Mapping[int, Vocabulary] = MappingProxyType({}),
    draws: Mapping[int, RandomDraws] = MappingProxyType({}),
) -> tuple[PersonTask, ...]:
    """Return a row for everybody who was given a task, by task, then participant.

    tried: from `packed_phrases.by_person`. controls: worst-group accuracy of each task's control. at_work: who may
    still say something. vocabularies: what common words reach on each task, where it is known. draws: by the score of
    the phrase whose run they belong to.
    """

    def row(key: Key) -> PersonTask:
        (task, participant), said = key, tried.get(key, ())
        best, chosen = best_by(said, error_score_of), best_by(said, accuracy_of)
        tries = max(len({each.text for each in said}), *(each.tries or 0 for each in said), 0)
        return PersonTask(
            participant=participant,
            task=task,
            condition=conditions.get(participant),
            n_phrases=len(said),
            tries=tries,
            best_error_score=best.error_score if best else None,
            best_phrase=best.text if best else None,
            null_mean=null_mean(best.n_correct, best.n_error, tries) if best else None,
            run_worst_group=best.worst_group_accuracy if best else None,
            worst_group_accuracy_chosen_on_test=chosen.worst_group_accuracy if chosen else None,
            phrase_chosen_on_test=chosen.text if chosen else None,
            times=times.get(key, NO_TIMES),
            control_worst_group=controls.get(task),
            basis=best.basis if best else _basis_without_score(said, is_at_work=key in at_work),
            random_slice_percentile=_percentile(best, tries, draws) if best else None,
            own_gain_interval=best.gain_interval if best else None,
            **_levels(best, tries, vocabularies.get(task)),
        )

    return tuple(map(row, sorted(set(assigned))))


def _percentile(best: Tried, tries: int, draws: Mapping[int, RandomDraws]) -> float | None:
    of_run = draws.get(best.score)
    if of_run is None or best.worst_group_accuracy is None:
        return None
    return of_run.percentile(best.worst_group_accuracy, max(tries, 1))


def _levels(best: Tried | None, tries: int, vocabulary: Vocabulary | None) -> dict[str, Any]:
    """What guessing reaches, and whether the best of so many tries is above it."""
    if best is None or best.error_score is None:
        return {"null_level": None}
    unrelated = null_level(best.n_correct, best.n_error, tries)
    level = vocabulary.of_sign(best.sign) if vocabulary else None
    better = better_than_guessing(best.error_score, unrelated, level, best.n_correct, best.n_error)
    chance = None
    if vocabulary and level is not None and better is not BetterThanGuessing.TOO_FEW:
        chance = chance_to_pass(vocabulary.scores_of(best.sign), max(unrelated, level), tries)
    return {"null_level": unrelated, "vocabulary_level": level, "better": better, "guess_chance": chance}


def phrase_is_better(tried: Tried, vocabulary: Vocabulary | None) -> BetterThanGuessing | None:
    """Judge one phrase by the tries that its person had made by then, as phrases.csv does; None without a score."""
    if tried.error_score is None or tried.tries is None:
        return None
    unrelated = null_level(tried.n_correct, tried.n_error, tried.tries)
    level = vocabulary.of_sign(tried.sign) if vocabulary else None
    return better_than_guessing(tried.error_score, unrelated, level, tried.n_correct, tried.n_error)


def is_told(vocabulary: Vocabulary | None) -> bool:
    """Return whether it can be told on a task what is better than guessing. vocabulary: what common words reach."""
    return vocabulary is not None and vocabulary.of_sign(1) is not None


def is_idea(tried: Tried, vocabulary: Vocabulary | None) -> bool:
    """Return whether a phrase may name a concept: it is better than guessing, or that cannot be told on its task."""
    return not is_told(vocabulary) or phrase_is_better(tried, vocabulary) is BetterThanGuessing.YES


def ideas_by_chance(phrases: Iterable[Tried], vocabulary: Vocabulary) -> float:
    """Return how many of one person's phrases would be ideas, on average, were each a random common word.

    Each is judged by the tries made by then, as `is_idea` does; one that is tried again counts once. Over people it is
    at least the mean number of distinct ideas of such guessers, as two may draw the same word.
    """
    first: dict[str, Tried] = {}
    for each in phrases:
        if phrase_is_better(each, vocabulary) in {BetterThanGuessing.YES, BetterThanGuessing.NO}:
            first.setdefault(each.text, each)
    return sum(_passing_share(each, vocabulary) for each in first.values())


def _passing_share(tried: Tried, vocabulary: Vocabulary) -> float:
    """Of common words, which share is above both levels of a phrase that was judged."""
    level = vocabulary.of_sign(tried.sign)
    assert level is not None and tried.tries is not None, "the caller has judged it"
    unrelated = null_level(tried.n_correct, tried.n_error, tried.tries)
    return float((vocabulary.scores_of(tried.sign) > max(unrelated, level)).mean())


def _basis_without_score(tried: Sequence[Tried], *, is_at_work: bool) -> Basis:
    """Return what the accuracy of somebody without a scored phrase rests on."""
    if any(each.without_run is Basis.PENDING for each in tried) or (is_at_work and not tried):
        return Basis.PENDING
    return Basis.FAILED if tried else Basis.NO_PHRASE
