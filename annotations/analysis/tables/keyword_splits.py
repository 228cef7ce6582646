"""What the machine's keyword and people's phrase do to the test images of a class (Figure 9 and Appendix B)."""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.models import BaseModel, Control, KeywordRanking, RunState, Score
from annotations.models.arrays import unpack_float32, unpack_int32
from annotations.tables.columns import Count, Number, Share, Table, Text
from annotations.tables.shared import TASK, field
from modeling.arrays.datasets.dataset_files import Split
from modeling.arrays.retraining.annotation import Annotation

PEOPLE = "people"
RESAMPLES, SEED, _AT_ONCE = 2_000, 9, 100
_ENDS = (2.5, 97.5)
_BOOTSTRAP = f"{RESAMPLES:,} bootstraps of the class's test images, the same for both"


@dataclass(frozen=True)
class KeywordSplit:
    """What one word does. whose: people, or the score that chose the machine's keyword; list: empty for people.

    before, control, after: accuracy on the part's test images of the base model, of retraining without words, and with
    them; gain: after less control. why_not: why there is no retraining.
    """

    task: int
    class_name: str
    scheme: str
    list: str
    list_digest: str
    whose: str
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
class PeopleLessMachine:
    """People's value less the machine's, on the test images of one class, with its 95% interval."""

    task: int
    class_name: str
    scheme: str
    list: str
    list_digest: str
    whose: str
    measure: str
    people: float
    machine: float
    difference: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class _OnTest:
    """Of the m test images of a class with a prediction: bool[m], which are above, and which each model gets right."""

    words: str
    above: NDArray[np.bool_]
    right: Mapping[str, NDArray[np.bool_]]
    why_not: str = ""

    @cached_property
    def accuracies(self) -> dict[tuple[str, str], NDArray[np.float64]]:
        """By model and part: accuracy as it is, then of each draw of the m images; NaN where there are none."""
        parts = {"minority": self.above, "majority": ~self.above}
        columns = np.stack(
            [*parts.values(), *(parts[p] & right for right in self.right.values() for p in parts)], axis=1
        )
        n, counts = len(self.above), columns.astype(np.float64)
        rng = np.random.default_rng((SEED, n))  # so that people and machine have the same draws
        drawn = (rng.multinomial(n, np.full(n, 1 / n), size=_AT_ONCE) for _ in range(0, RESAMPLES, _AT_ONCE))
        sums = np.concatenate([counts.sum(axis=0, keepdims=True), *(draw @ counts for draw in drawn)])
        members = dict(zip(parts, sums.T[:2], strict=True))
        keys = ((name, part) for name in self.right for part in parts)
        return {
            key: np.divide(right, members[key[1]], out=np.full(len(sums), np.nan), where=members[key[1]] > 0)
            for key, right in zip(keys, sums.T[2:], strict=True)
        }

    def gains(self, part: str) -> NDArray[np.float64]:
        """What retraining with the words adds to the control, or to the base model where no control is trained."""
        less = "control" if "control" in self.right else "before"
        return self.accuracies["after", part] - self.accuracies[less, part]


_NAMES = (
    TASK,
    Text[Any]("class", "the task's class", field("class_name")),
    Text[Any]("scheme", "of the study's retrainings, as in runs.csv"),
    Text[Any]("list", "name of the list of keywords; empty for people"),
    Text[Any]("list_digest", "SHA-256 of template and keywords, one a line"),
    Text[Any](
        "whose",
        "whose words: people's best phrase, or the machine's first keyword by this score",
        range="people, clip_score, error_score",
    ),
)
KEYWORD_SPLITS: Table[KeywordSplit] = Table(
    "keyword_splits.csv",
    "one row per task, words and part of the class's test images; validation images have chosen words and threshold",
    "by task, people first, then by list",
    (
        *_NAMES,
        Text("words", "phrase or keyword"),
        Text("part", "above the threshold, or not", range="minority, majority"),
        Count("n", "test images of the part"),
        Share("before", "accuracy of the base model"),
        Share("control", "accuracy of the same retraining without words"),
        Share("after", "accuracy after retraining with these words"),
        Number("gain", "after less control, or less before without a control", unit="share"),
        Number("gain_low", "lower end of its 95% interval", computed=_BOOTSTRAP),
        Number("gain_high", "upper end of it", computed=_BOOTSTRAP),
        Text("why_not", "why nothing was retrained with these words"),
    ),
)
LESS_MACHINE: Table[PeopleLessMachine] = Table(
    "people_less_machine.csv",
    "one row per task, list, score and measure: people's best phrase less the machine's first keyword, on test",
    "by task, list, then score",
    (
        *_NAMES,
        Text(
            "measure",
            "minority_before: the base model's accuracy on what the words name; minority_gain: what retraining adds",
            range="minority_before, minority_gain",
        ),
        Number("people", "of people's best phrase", unit="share"),
        Number("machine", "of the machine's keyword", unit="share"),
        Number("difference", "people less machine", unit="share"),
        Number("low", "lower end of its 95% interval", computed=_BOOTSTRAP),
        Number("high", "upper end of it", computed=_BOOTSTRAP),
    ),
)


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
    named = {"task": task, "class_name": shown.class_name, "scheme": scheme}
    splits = list(_splits(people, **named, list="", list_digest="", whose=PEOPLE))
    less: list[PeopleLessMachine] = []
    for ranking in KeywordRanking.objects.filter(pk__in=[pk for pk, _ in made]):
        for each in ranking.retrained_with(scheme):
            machine = _of_machine(shown.base_model, ranking, each, control_id)
            whose = {"list": ranking.list_name, "list_digest": ranking.list_digest, "whose": each["by"]}
            splits += _splits(machine, **named, **whose)
            less += _less(people, machine, **named, **whose)
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
        return _OnTest(each["keyword"], np.zeros(0, np.bool_), {}, each["why_not"])
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
    return _OnTest(words, above[kept], {name: (values == label)[kept] for name, values in predicted.items()}, why_not)


def _splits(of: _OnTest, **named: Any) -> Iterator[KeywordSplit]:
    for part, members in (("minority", of.above), ("majority", ~of.above)):
        has_any = bool(members.any())
        shares = {name: float(of.accuracies[name, part][0]) if has_any else None for name in of.right}
        gains = of.gains(part) if has_any and "after" in of.right else None
        low, high = (None, None) if gains is None else _interval(gains[1:])
        yield KeywordSplit(
            **named,
            words=of.words,
            part=part,
            n=int(members.sum()),
            before=shares.get("before"),
            control=shares.get("control"),
            after=shares.get("after"),
            gain=None if gains is None else float(gains[0]),
            gain_low=low,
            gain_high=high,
            why_not=of.why_not,
        )


def _less(people: _OnTest, machine: _OnTest, **named: Any) -> Iterator[PeopleLessMachine]:
    """Both have the same images, so each draw is of both."""
    if not (people.above.any() and machine.above.any()):
        return
    measures = {"minority_before": [each.accuracies["before", "minority"] for each in (people, machine)]}
    if "after" in people.right and "after" in machine.right:
        measures["minority_gain"] = [each.gains("minority") for each in (people, machine)]
    for measure, (ours, theirs) in measures.items():
        low, high = _interval(ours[1:] - theirs[1:])
        yield PeopleLessMachine(
            **named,
            measure=measure,
            people=float(ours[0]),
            machine=float(theirs[0]),
            difference=float(ours[0] - theirs[0]),
            low=low,
            high=high,
        )


def _interval(draws: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.nanpercentile(draws, _ENDS)
    return float(low), float(high)
