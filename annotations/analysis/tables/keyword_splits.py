"""What the machine's keyword and people's phrase do to the test images of a class (Figure 9 and Appendix B)."""

import base64
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.models import BaseModel, Control, KeywordRanking, RunState, Score
from annotations.models.arrays import unpack_float32, unpack_int32
from annotations.readings.retraining.trained_rows import has_many_classes
from annotations.tables.columns import Table
from annotations.tables.worded_tables import worded
from modeling.arrays.datasets.dataset_files import Split
from modeling.arrays.retraining.annotation import Annotation
from modeling.arrays.retraining.parts_on_test import PartsOnTest, people_less_machine

PEOPLE = "people"


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
    them; gain: after less control. why_not: why there is no retraining.
    """

    words: str
    part: str
    n: int
    before: float | None
    control: float | None
    after: float | None
    gain: float | None
    gain_low: float | None
    gain_high: float | None
    why_not: str


@dataclass(frozen=True)
class PeopleLessMachine(_Words):
    """People's value less the machine's, on the test images of one class, with its 95% interval."""

    measure: str
    people: float
    machine: float
    difference: float
    low: float
    high: float


KEYWORD_SPLITS: Table[KeywordSplit] = worded(__package__, "keyword_splits")
LESS_MACHINE: Table[PeopleLessMachine] = worded(__package__, "people_less_machine")


@dataclass(frozen=True, eq=False)
class _OnTest(PartsOnTest):
    words: str
    why_not: str = ""


def _splits(of: _OnTest, **named: Any) -> list[KeywordSplit]:
    return [KeywordSplit(**named, words=of.words, **row, why_not=of.why_not) for row in of.rows()]


@dataclass(frozen=True)
class Beside:
    """Rows of both tables of one task."""

    splits: tuple[KeywordSplit, ...] = ()
    less_machine: tuple[PeopleLessMachine, ...] = ()


NO_MACHINE = Beside()


def beside_machine(task: int, score: Score, words: str) -> Beside:
    """Return what people's phrase and each list's first keywords do. words: as they may be said.

    score: with its phrase's task, study, base model, data set and run. Raises BadDataset, BadArray.
    """
    shown = score.phrase.assignment.task
    assert shown.target_class is not None, "a task with phrases has a class"
    rankings = KeywordRanking.objects.filter(base_model=shown.base_model_id, target_class=shown.target_class)
    scheme = shown.study.scheme
    made = tuple(rankings.filter(retrained__contains=[{"scheme": scheme}]).values_list("pk", "created_at"))
    control = Control.objects.filter(
        dataset=shown.base_model.dataset_id,
        target_classes=[shown.target_class],
        scheme=scheme,
        l2=shown.base_model.l2,
        base_model=shown.base_model if has_many_classes(shown.base_model) else None,
    )
    if not made or score.threshold is None:
        return NO_MACHINE
    run_state = None if score.run is None else str(score.run.state)
    return _beside(task, score.pk, run_state, words, made, scheme, control.values_list("pk", flat=True).first())


@lru_cache(maxsize=512)
def _beside(
    task: int,
    score_id: int,
    run_state: str | None,
    words: str,
    made: tuple[tuple[int, object], ...],
    scheme: str,
    control_id: int | None,
) -> Beside:
    """Kept as long as score, rankings and control are the same, and the run is in the same state."""
    score = Score.objects.select_related("phrase__assignment__task__base_model__dataset", "run").get(pk=score_id)
    shown = score.phrase.assignment.task
    people = _of_people(score, words, control_id)
    named: dict[str, Any] = {"task": task, "class_name": shown.class_name, "scheme": scheme}
    splits = _splits(people, **named, list="", list_digest="", whose=PEOPLE)
    less: list[PeopleLessMachine] = []
    for ranking in KeywordRanking.objects.filter(pk__in=[pk for pk, _ in made]):
        for each in ranking.retrained_with(scheme):
            machine = _of_machine(shown.base_model, ranking, each, control_id)
            whose = {"list": ranking.list_name, "list_digest": ranking.list_digest, "whose": each["by"]}
            splits += _splits(machine, **named, **whose)
            less += [PeopleLessMachine(**named, **whose, **row) for row in people_less_machine(people, machine)]
    return Beside(tuple(splits), tuple(less))


def _of_people(score: Score, words: str, control_id: int | None) -> _OnTest:
    base_model, label = score.phrase.assignment.task.base_model, score.phrase.assignment.task.target_class
    assert label is not None and score.threshold is not None, "the caller has looked"
    annotation = Annotation(label, unpack_float32(score.text_embedding), score.sign, score.threshold)
    run = score.run
    after = None
    if run is not None and run.state == RunState.DONE and run.test_predictions is not None:
        rows = base_model.dataset.files.rows(Split.TEST)
        after = unpack_int32(run.test_predictions)[np.isin(rows, base_model.dataset.files.rows(Split.TEST, label))]
    why_not = "" if after is not None else (run.reason if run else "") or "its run is not done"
    return _on_test(base_model, annotation, words, after, control_id, why_not)


def _of_machine(
    base_model: BaseModel, ranking: KeywordRanking, each: dict[str, Any], control_id: int | None
) -> _OnTest:
    if each["threshold"] is None:
        return _OnTest(np.zeros(0, np.bool_), {}, each["keyword"], each["why_not"])
    text = np.frombuffer(base64.b64decode(each["text_embedding"]), "<f4")
    annotation = Annotation(ranking.target_class, text, each["sign"], each["threshold"])
    packed = each.get("predictions")
    after = None if packed is None else np.frombuffer(base64.b64decode(packed), "<i4")
    return _on_test(base_model, annotation, each["keyword"], after, control_id, each.get("why_not", ""))


def _on_test(
    base_model: BaseModel,
    annotation: Annotation,
    words: str,
    after: NDArray[np.int32] | None,
    control_id: int | None,
    why_not: str,
) -> _OnTest:
    files, label = base_model.dataset.files, annotation.target_class
    rows = files.rows(Split.TEST, label)
    above = annotation.members(files.array("similarity"), rows, files.labels[rows])
    before = base_model.predicted[rows]
    kept = before != BaseModel.NO_PREDICTION
    predicted = {"before": before}
    if control_id is not None:
        packed = Control.objects.values_list("test_predictions", flat=True).get(pk=control_id)
        predicted["control"] = unpack_int32(packed)[np.isin(files.rows(Split.TEST), rows)]
    if after is not None:
        predicted["after"] = after
    right = {name: (values == label)[kept] for name, values in predicted.items()}
    return _OnTest(above[kept], right, words, why_not)
