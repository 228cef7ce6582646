"""What a phrase does to the images of its class: accuracy on either side of its threshold, and samples of both."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.tables.keyword_splits import NO_MACHINE, Beside, beside_machine
from annotations.analysis.tables.keyword_tables import PhraseAmongKeywords, among_keywords
from annotations.models import BaseModel, Moderation, RunState, Score
from annotations.models.arrays import unpack_float32, unpack_int32
from annotations.readings.datasets.class_images import class_images
from annotations.readings.datasets.image_grids import sample
from annotations.readings.releases.moderated_words import HIDDEN
from modeling.arrays.common.modeling_errors import ModelingError
from modeling.arrays.datasets.dataset_files import Split
from modeling.arrays.retraining.annotation import Annotation

PANEL_SIZE = 12
_SEED = (6, 10)  # of the panels' samples


@dataclass(frozen=True)
class SplitPart:
    """Accuracy on a part of a split. part: minority (above the threshold), majority, class (both) or all classes."""

    task: int
    class_name: str
    phrase: str
    split: str
    part: str
    n: int
    before: float | None
    after: float | None


@dataclass(frozen=True)
class Panel:
    """One image of a panel. directory: of the data set, relative to DATA_ROOT."""

    task: int
    class_name: str
    phrase: str
    slice: str
    place: int
    image_key: str
    is_error: bool
    similarity: float
    directory: str
    dataset: int


@dataclass(frozen=True)
class Looked:
    """What is seen of a phrase. missing: why there is nothing, where a data set's files are not here."""

    parts: tuple[SplitPart, ...] = ()
    panels: tuple[Panel, ...] = ()
    among: tuple[PhraseAmongKeywords, ...] = ()
    beside: Beside = NO_MACHINE
    missing: str = ""


def look(task: int, phrase: int, draw: int) -> Looked:
    """Look at a scored phrase's class images, from the data set's files. Words that the staff hid are not said.

    draw: which sample of its images, so that phrases beside each other show different ones.
    """
    scores = Score.objects.only("pk", "run__state", "phrase__text", "phrase__moderation")
    score = scores.select_related("run", "phrase").get(phrase=phrase)
    words = HIDDEN if score.phrase.moderation == Moderation.HIDDEN else score.phrase.text
    has_run = score.run is not None and score.run.state == RunState.DONE
    try:
        looked = _look(task, score.pk, has_run, words, draw)
        whole = _whole(score.pk)
        beside = NO_MACHINE if draw else beside_machine(task, whole, words)  # of the best phrase
        return replace(looked, among=tuple(among_keywords(task, whole, words)), beside=beside)  # lists come and go
    except ModelingError as error:
        return Looked(missing=str(error))


@lru_cache(maxsize=2_048)
def _look(task: int, score_id: int, has_run: bool, words: str, draw: int) -> Looked:
    """Kept, since neither a score nor a data set ever changes. Raises BadDataset, BadArray."""
    score = _whole(score_id)
    if score.threshold is None:
        return Looked()
    shown = score.phrase.assignment.task
    assert shown.target_class is not None, "a task with phrases has a class"
    annotation = Annotation(shown.target_class, unpack_float32(score.text_embedding), score.sign, score.threshold)
    return Looked(
        tuple(_parts(task, score, annotation, has_run, words)),
        tuple(panels(task, shown.base_model, annotation, score.similarity_array, words, draw)),
    )


def _whole(score_id: int) -> Score:
    of_task = "phrase__assignment__task"
    related = (f"{of_task}__base_model__dataset", f"{of_task}__study", "run")
    return Score.objects.select_related(*related).defer("run__head").get(pk=score_id)


def _parts(task: int, score: Score, annotation: Annotation, has_run: bool, words: str) -> Iterator[SplitPart]:
    shown = score.phrase.assignment.task
    base_model, label = shown.base_model, annotation.target_class
    files = base_model.dataset.files
    predicted = base_model.predicted
    for split in (Split.VALIDATION, Split.TEST):
        rows = files.rows(split, label)
        above = annotation.members(files.array("similarity"), rows, files.labels[rows])
        before = predicted[rows]
        after = _after(score, files.rows(split), rows) if split is Split.TEST and has_run else None
        for part, members in (("minority", above), ("majority", ~above), ("class", np.ones_like(above))):
            counted = members & (before != BaseModel.NO_PREDICTION)
            yield SplitPart(
                task=task,
                class_name=shown.class_name,
                phrase=words,
                split=split.word,
                part=part,
                n=int(counted.sum()),
                before=_share(before[counted] == label),
                after=None if after is None else _share(after[counted] == label),
            )
    yield SplitPart(
        task, shown.class_name, words, Split.TEST.word, "all", len(files.rows(Split.TEST)),
        base_model.test_metrics["average_plain"], score.run.plain_average_accuracy if has_run and score.run else None,
    )  # fmt: skip


def _after(score: Score, test_rows: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int32]:
    """The run's predictions for some test rows."""
    assert score.run is not None and score.run.test_predictions is not None, "a done run has its predictions"
    return unpack_int32(score.run.test_predictions)[np.searchsorted(test_rows, rows)]


def panels(
    task: int, base_model: BaseModel, annotation: Annotation, values: NDArray[np.float32], words: str, draw: int = 0
) -> Iterator[Panel]:
    """Yield samples of the validation images of a class, of the easy and of the hard ones.

    values: float32[m], similarities of all of them. Raises BadDataset.
    """
    dataset, images = base_model.dataset, class_images(base_model, annotation.target_class)
    above = annotation.sign * values > np.float32(annotation.threshold)
    for name, members in (("easy", ~above), ("hard", above)):
        positions = np.flatnonzero(members)
        chosen = positions[sample(len(positions), PANEL_SIZE, draw, _SEED)]
        keys = dataset.files.image_keys[images.rows[chosen]]
        for place, (position, key) in enumerate(zip(chosen, keys, strict=True), start=1):
            yield Panel(
                task=task,
                class_name=dataset.class_names[annotation.target_class],
                phrase=words,
                slice=name,
                place=place,
                image_key=key.decode(),
                is_error=bool(images.is_error[position]),
                similarity=float(values[position]),
                directory=dataset.directory,
                dataset=dataset.pk,
            )


def _share(right: NDArray[np.bool_] | Sequence[bool]) -> float | None:
    return float(np.mean(right)) if len(right) else None
