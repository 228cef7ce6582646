"""What the machine's keyword and people's phrase do to the test images of a class (Figure 9 and Appendix B)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.observations.person_tasks import Key, PersonTask
from annotations.analysis.observations.study_rows import Keyword
from annotations.base.tables.columns import Table, worded
from clarify_errors.arrays.retraining.control import own_gain
from clarify_errors.arrays.retraining.own_gain_intervals import GainInterval
from clarify_errors.arrays.retraining.parts_on_test import PartsOnTest, people_less_machine

PEOPLE = "people"


@dataclass(frozen=True, eq=False)
class ShownClass:
    """The images of a task's class, and what models say of them.

    keys, predicted: of the m validation images that have a prediction. test_predicted, control: of all n test images of
    the class, -1 without one; control: None until it is trained. n_test, plain_average: test images of all
    classes, and the share that the base model gets right. directory, dataset: where the pictures are.
    """

    task: int
    class_name: str
    label: int
    scheme: str
    keys: NDArray[np.bytes_]
    predicted: NDArray[np.int32]
    test_predicted: NDArray[np.int32]
    control: NDArray[np.int32] | None
    n_test: int
    plain_average: float | None
    directory: str = ""
    dataset: int = 0

    @property
    def is_error(self) -> NDArray[np.bool_]:
        wrong: NDArray[np.bool_] = self.predicted != self.label
        return wrong


@dataclass(frozen=True, eq=False, kw_only=True)
class Words:
    """Words, as they may be said, and what they do to the n test images of a class.

    on_test: their similarities, None without a threshold; after: predictions of the retraining, None without one;
    worst_group: its accuracy on the worst group of all test images, None without one and from before 0.18; why_not: why
    there is none. whose: people, or the score that chose a machine's keyword of a list.
    """

    words: str
    sign: int
    threshold: float | None
    on_test: NDArray[np.float32] | None = None
    after: NDArray[np.int32] | None = None
    worst_group: float | None = None
    why_not: str = ""
    whose: str = PEOPLE
    list: str = ""
    list_digest: str = ""

    def above(self, similarities: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Return which images are above the threshold, compared in float32."""
        return np.float32(self.sign) * similarities > np.float32(self.threshold or 0.0)


@dataclass(frozen=True)
class _Words:
    """Whose words, and on which task's class. list: empty for people."""

    task: int
    class_name: str
    scheme: str
    list: str
    list_digest: str
    whose: str


@dataclass(frozen=True)
class KeywordSplit(_Words):
    """What one word does. whose: people, or the score that chose the machine's keyword; list: empty for people.

    before, control, after: accuracy on the part's test images of the base model, of retraining without words, and with
    them; gain: after less control. worst_group: accuracy of retraining with them on the worst group of all test images.
    why_not: why there is no retraining.
    """

    words: str
    part: str
    n: int
    before: float | None
    control: float | None
    after: float | None
    gain: float | None
    worst_group: float | None
    gain_low: float | None
    gain_high: float | None
    why_not: str


@dataclass(frozen=True)
class PeopleLessMachine(_Words):
    """People's value less the machine's, with its 95% interval.

    Of people's best phrase by error score, for other test images. measure: own_gain is on the worst group of all test
    images; the other measures are on those of the class that either one's words name. Of own_gain alone: how many
    people's best phrases are better than the keyword, worse, and not told apart, each by an interval of its own; and
    how many groups of the best phrase's model, and of the keyword's, are within chance of being its worst.
    """

    measure: str
    people: float
    machine: float
    difference: float
    low: float
    high: float
    n_better: int | None = None
    n_worse: int | None = None
    n_not_told_apart: int | None = None
    tied: tuple[int, int] | None = None


KEYWORD_SPLITS: Table[KeywordSplit] = worded(__package__, "keyword_splits")
LESS_MACHINE: Table[PeopleLessMachine] = worded(__package__, "people_less_machine")


@dataclass(frozen=True)
class Beside:
    """Rows of both tables of one task."""

    splits: tuple[KeywordSplit, ...] = ()
    less_machine: tuple[PeopleLessMachine, ...] = ()


NO_MACHINE = Beside()


def beside_machine(shown: ShownClass, people: Words, machine: Sequence[Words]) -> Beside:
    """Return what people's words and a machine's do; nothing without the one or the other."""
    if not machine or people.on_test is None:
        return NO_MACHINE
    splits: list[KeywordSplit] = []
    less: list[PeopleLessMachine] = []
    of_people = _on_test(shown, people)
    for each in (people, *machine):
        of = _on_test(shown, each)
        names = (shown.task, shown.class_name, shown.scheme, each.list, each.list_digest, each.whose)
        whole: dict[str, Any] = {"words": each.words, "worst_group": each.worst_group, "why_not": each.why_not}
        splits += [KeywordSplit(*names, **(whole | row)) for row in of.rows()]
        if each is not people:
            less += [PeopleLessMachine(*names, **row) for row in people_less_machine(of_people, of)]
    return Beside(tuple(splits), tuple(less))


def own_gains(
    splits: Iterable[KeywordSplit],
    people: Iterable[PersonTask],
    scores: Mapping[Key, int],
    gains: Mapping[int, Mapping[Keyword, Mapping[int, GainInterval]]],
) -> Iterator[PeopleLessMachine]:
    """Compare what words add to the worst group, on the same images: people's best-scored, and a machine's keyword.

    scores: the best of each person on a task; gains: of the runs of these over each keyword.
    """
    splits, by_task = list(splits), defaultdict(list)
    said = {row.task: row.words for row in splits if not row.list}
    for each in sorted(people, key=lambda each: each.best_phrase != said.get(each.task)):  # the first of equal scores
        by_task[each.task].append(each)
    for row in splits:
        over = gains.get(row.task, {}).get((row.list_digest, row.whose), {})
        judged = [
            (each, found)
            for each in by_task[row.task]
            if (found := over.get(scores.get((each.task, each.participant), 0))) and each.own_gain is not None
        ]
        if row.list and row.part == "minority" and row.worst_group is not None and judged:
            yield _own_gain(row, row.worst_group, judged)


def _own_gain(
    row: KeywordSplit, worst_group: float, judged: Sequence[tuple[PersonTask, GainInterval]]
) -> PeopleLessMachine:
    best, found = max(judged, key=lambda pair: pair[0].best_error_score or 0.0)
    assert best.own_gain is not None and best.control_worst_group is not None, "only these are judged"
    machine = own_gain(worst_group, best.control_worst_group)
    n = Counter(each.verdict for _, each in judged)
    names = (row.task, row.class_name, row.scheme, row.list, row.list_digest, row.whose)
    values = (best.own_gain, machine, found.estimate, found.low, found.high)
    return PeopleLessMachine(*names, "own_gain", *values, n[1], n[-1], n[0], found.tied)


def _on_test(shown: ShownClass, words: Words) -> PartsOnTest:
    """Of the test images that have a prediction."""
    if words.on_test is None:
        return PartsOnTest(np.zeros(0, np.bool_), {})
    kept = shown.test_predicted >= 0
    predicted: dict[str, Any] = {"before": shown.test_predicted, "control": shown.control, "after": words.after}
    right = {name: (each == shown.label)[kept] for name, each in predicted.items() if each is not None}
    return PartsOnTest(words.above(words.on_test)[kept], right)
