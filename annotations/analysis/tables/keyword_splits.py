"""What the machine's keyword and people's phrase do to the test images of a class (Figure 9 and Appendix B)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.observations.person_tasks import PersonTask
from annotations.analysis.statistics.best_of_people import best_of_people
from annotations.tables.columns import Table
from annotations.tables.worded_tables import worded
from modeling.arrays.retraining.control import own_gain
from modeling.arrays.retraining.parts_on_test import PartsOnTest, people_less_machine

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

    Of people's best phrase by error score. measure: own_gain is on the worst group of all test images, and people are
    resampled, of whom others have another best phrase; the other measures are on those test images of the class that
    either one's words name, and these are resampled.
    """

    measure: str
    people: float
    machine: float
    difference: float
    low: float
    high: float


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
    splits: Iterable[KeywordSplit], people: Iterable[PersonTask], controls: Mapping[int, float | None]
) -> Iterator[PeopleLessMachine]:
    """Compare what words add to the worst group, on the same images: people's best-scored, and a machine's keyword.

    controls: what retraining without words reaches on each task. Nothing below two people whose gain is known.
    """
    splits, known = list(splits), defaultdict(list)
    said = {row.task: row.words for row in splits if not row.list}
    for each in sorted(people, key=lambda each: each.best_phrase != said.get(each.task)):  # the first of equal scores
        if each.own_gain is not None:
            known[each.task].append((each.best_error_score or 0.0, each.own_gain))
    for row in splits:
        of, control = known[row.task], controls[row.task]
        if not row.list or row.part != "minority" or row.worst_group is None or control is None or len(of) < 2:
            continue
        best, low, high = best_of_people(*np.array(of).T)
        machine = own_gain(row.worst_group, control)
        names = (row.task, row.class_name, row.scheme, row.list, row.list_digest, row.whose)
        yield PeopleLessMachine(*names, "own_gain", best, machine, best - machine, low - machine, high - machine)


def _on_test(shown: ShownClass, words: Words) -> PartsOnTest:
    """Of the test images that have a prediction."""
    if words.on_test is None:
        return PartsOnTest(np.zeros(0, np.bool_), {})
    kept = shown.test_predicted >= 0
    predicted: dict[str, Any] = {"before": shown.test_predicted, "control": shown.control, "after": words.after}
    right = {name: (each == shown.label)[kept] for name, each in predicted.items() if each is not None}
    return PartsOnTest(words.above(words.on_test)[kept], right)
