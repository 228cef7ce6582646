"""The images of a study's classes, and what is stored of phrases on them, as the analysis takes them."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from annotations.analysis.concepts.concept_columns import Clusters
from annotations.analysis.concepts.error_clusters import find_clusters
from annotations.analysis.observations.task_concepts import Merged, merged
from annotations.analysis.tables.keyword_splits import ShownClass, Words
from annotations.analysis.tables.keyword_tables import Ranking, Said
from annotations.analysis.tables.phrase_splits import Looked, look
from annotations.datasets.class_images import ClassImages, class_images
from annotations.models import BaseModel, Control, KeywordRanking, Moderation, RunState, Score, Study, Task
from annotations.models.arrays import unpack_float32, unpack_int32
from annotations.models.moderated_words import HIDDEN
from annotations.results.beside_keywords import lists_of
from annotations.runs.trained_rows import has_many_classes
from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.concepts.explained_errors import Explained, explain
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.embeddings.similarity import similarities
from clarify_errors.arrays.keywords.stored_captions import open_captions


def similarities_of(scores: Sequence[int]) -> NDArray[np.float32]:
    """Return sign times similarity of each score's class images, float32[K, n], in the order of the ids given."""
    rows = {pk: _signed(sign, data) for pk, sign, data in _arrays(scores, "sign", "similarities")}
    return np.stack([rows[pk] for pk in scores]) if scores else np.empty((0, 0), np.float32)


def hard_slices(scores: Sequence[int]) -> NDArray[np.bool_]:
    """Return which class images are above each score's threshold, bool[K, n]; none for a score of 0."""
    rows = {
        pk: np.zeros(len(data) // 4, np.bool_) if threshold is None else _signed(sign, data) > np.float32(threshold)
        for pk, sign, threshold, data in _arrays(scores, "sign", "threshold", "similarities")
    }
    return np.stack([rows[pk] for pk in scores]) if scores else np.empty((0, 0), np.bool_)


def embeddings_of(scores: Sequence[int]) -> NDArray[np.float32]:
    """Return the unit embedding of each score's subject, float32[K, d], in the order of the ids given."""
    rows = {pk: unpack_float32(data) for pk, data in _arrays(scores, "text_embedding")}
    return np.stack([rows[pk] for pk in scores]) if scores else np.empty((0, 0), np.float32)


def _arrays(scores: Sequence[int], *fields: str) -> Iterator[tuple[Any, ...]]:
    yield from Score.objects.filter(pk__in=scores).order_by("pk").values_list("pk", *fields).iterator(100)


def _signed(sign: int, data: bytes) -> NDArray[np.float32]:
    return np.float32(sign) * unpack_float32(data)


class StoredImages:
    """The images of one task's class. What is computed of them is kept, since neither they nor a score ever change."""

    slices = staticmethod(hard_slices)
    embeddings = staticmethod(embeddings_of)

    def __init__(self, task: Task) -> None:
        assert task.target_class is not None, "a task with phrases has a class"
        self.dataset, self._key = task.base_model.dataset_id, (task.base_model_id, task.target_class)
        self._base_model = task.base_model

    @cached_property
    def _images(self) -> ClassImages:
        return class_images(self._base_model, self._key[1])

    @property
    def is_error(self) -> NDArray[np.bool_]:
        """Raises BadDataset."""
        return self._images.is_error

    @property
    def keys(self) -> NDArray[np.bytes_]:
        return self._base_model.dataset.files.image_keys[self._images.rows]

    def explained(self, scores: Sequence[int], numbers: Sequence[int]) -> Explained:
        return explained(*self._key, tuple(scores), tuple(numbers))

    def clusters(self, outside: NDArray[np.bool_]) -> Clusters:
        return _clusters(*self._key, outside.tobytes())


class StoredStudy:
    """Of a study, by the positions of its tasks."""

    def __init__(self, study: Study) -> None:
        self._study = study

    @cached_property
    def _tasks(self) -> dict[int, Task]:
        return {task.position: task for task in self._study.tasks.with_base_models()}

    def images(self, task: int) -> StoredImages:
        return StoredImages(self._tasks[task])

    def merged(self, _task: int, scores: tuple[int, ...], words: tuple[str, ...]) -> Merged:
        """Return the concepts of annotations."""
        return merged_by_scores(scores, words)

    def look(self, task: int, phrase: int, draw: int) -> Looked:
        """Look at a scored phrase's class images, from the data set's files. Words that the staff hid are not said."""
        needed = Score.objects.only("pk", "run__state", "phrase__text", "phrase__moderation")
        score = needed.select_related("run", "phrase").get(phrase=phrase)
        is_hidden = score.phrase.moderation == Moderation.HIDDEN
        shown, run_state = self._tasks[task], str(score.run.state) if score.run else None
        lists = lists_of(shown)
        retrained = lists.filter(retrained__contains=[{"scheme": self._study.scheme}])
        known = (
            *lists.values_list("pk", "created_at"),
            *retrained.values_list("pk"),
            *controls_of(shown).values_list("pk"),
        )
        try:
            return _looked(shown.pk, score.pk, run_state, draw, known, is_hidden=is_hidden)
        except ModelingError as error:
            return Looked(missing=str(error))


@lru_cache(maxsize=16)
def merged_by_scores(scores: tuple[int, ...], words: tuple[str, ...]) -> Merged:
    return merged(hard_slices(scores), words) if scores else ()


@lru_cache(maxsize=1_024)
def explained(base_model: int, label: int, scores: tuple[int, ...], numbers: tuple[int, ...]) -> Explained:
    """Return what the best concepts of a class explain together. scores: ids; numbers: the concept of each.

    Raises BadDataset, and NothingToSeparate where a half of the images lacks right or wrong ones.
    """
    shown = BaseModel.objects.select_related("dataset").get(pk=base_model)
    images = class_images(shown, label)
    embedded = shown.dataset.files.array("similarity")[images.rows]
    return explain(similarities_of(scores), numbers, images.is_error, embedded)


@lru_cache(maxsize=1_024)
def _clusters(base_model: int, label: int, outside: bytes) -> Clusters:
    shown = BaseModel.objects.select_related("dataset").get(pk=base_model)
    images = class_images(shown, label)
    some: NDArray[np.bool_] = np.frombuffer(outside, np.bool_)
    return find_clusters(shown.dataset.files.array("similarity")[images.rows[some]], images.is_error[some])


@lru_cache(maxsize=2_048)
def _looked(
    task_id: int, score_id: int, run_state: str | None, draw: int, _known: tuple[object, ...], *, is_hidden: bool
) -> Looked:
    """Kept as long as the run is in the same state, and lists and control are the same. Raises BadDataset, BadArray."""
    task = Task.objects.select_related("base_model__dataset", "study").get(pk=task_id)
    score = Score.objects.select_related("phrase", "run").defer("run__head").get(pk=score_id)
    assert task.target_class is not None, "a task with phrases has a class"
    has_parts, rankings = draw == 0 and score.threshold is not None, list(lists_of(task))
    control = controls_of(task).first() if has_parts and any(each.retrained for each in rankings) else None
    shown = shown_class(task.position, task.base_model, task.target_class, task.study.scheme, control)
    run, text = (score.run if run_state == RunState.DONE else None), unpack_float32(score.text_embedding)
    said = Said(
        words=HIDDEN if is_hidden else score.phrase.text,
        typed="" if is_hidden else score.phrase.text,
        sign=score.sign,
        threshold=score.threshold,
        error_score=score.value,
        similarities=score.similarity_array,
        on_test=_on_test(task.base_model, shown.label, text) if has_parts else None,
        after=_after(task.base_model, shown.label, run.test_predictions) if run and has_parts else None,
        plain_average=run.plain_average_accuracy if run else None,
        worst_group=run.worst_group_accuracy if run else None,
        why_not="" if run else (score.run.reason if score.run else "") or "its run is not done",
    )
    return look(shown, said, [_ranking(shown, task.base_model, each, has_parts=has_parts) for each in rankings], draw)


def controls_of(task: Task) -> QuerySet[Control]:
    """Return the control of a task's runs, once it is trained."""
    return Control.objects.filter(
        dataset=task.base_model.dataset_id,
        target_classes=[task.target_class],
        scheme=task.study.scheme,
        l2=task.base_model.l2,
        base_model=task.base_model if has_many_classes(task.base_model) else None,
    )


def shown_class(
    number: int, base_model: BaseModel, label: int, scheme: str = "", control: Control | None = None
) -> ShownClass:
    """Return the images of a class under its number in tables. Raises BadDataset."""
    files, images = base_model.dataset.files, class_images(base_model, label)
    return ShownClass(
        task=number,
        class_name=base_model.dataset.class_names[label],
        label=label,
        scheme=scheme,
        keys=files.image_keys[images.rows],
        predicted=images.predicted,
        test_predicted=base_model.predicted[files.rows(Split.TEST, label)],
        control=None if control is None else _after(base_model, label, control.test_predictions),
        n_test=len(files.rows(Split.TEST)),
        plain_average=base_model.test_metrics["average_plain"],
        directory=base_model.dataset.directory,
        dataset=base_model.dataset_id,
    )


def _on_test(base_model: BaseModel, label: int, text: NDArray[np.float32]) -> NDArray[np.float32]:
    files = base_model.dataset.files
    return similarities(files.array("similarity")[files.rows(Split.TEST, label)], text)


def _after(base_model: BaseModel, label: int, predictions: bytes | None) -> NDArray[np.int32] | None:
    """What a retraining says of the class's test images; predictions: of all test images."""
    files = base_model.dataset.files
    of_class = np.isin(files.rows(Split.TEST), files.rows(Split.TEST, label))
    return None if predictions is None else unpack_int32(predictions)[of_class]


def _ranking(shown: ShownClass, base_model: BaseModel, of: KeywordRanking, *, has_parts: bool) -> Ranking:
    retrained = of.retrained_with(shown.scheme) if has_parts else []
    return Ranking(
        of.list_name,
        of.list_digest,
        of.rows,
        [_machine(shown.label, base_model, of, each) for each in retrained],
        _captions(base_model, of, shown.label),
    )


def _machine(label: int, base_model: BaseModel, of: KeywordRanking, each: Mapping[str, Any]) -> Words:
    """One of the first keywords of a list, as `KeywordRanking.retrained` has it."""
    packed, on_test = each.get("predictions"), None
    if each["threshold"] is not None:
        on_test = _on_test(base_model, label, np.frombuffer(base64.b64decode(each["text_embedding"]), "<f4"))
    return Words(
        words=each["keyword"],
        sign=each["sign"],
        threshold=each["threshold"],
        on_test=on_test,
        after=None if packed is None else np.frombuffer(base64.b64decode(packed), "<i4"),
        worst_group=each.get("worst_group"),
        why_not=each.get("why_not", ""),
        whose=each["by"],
        list=of.list_name,
        list_digest=of.list_digest,
    )


def _captions(base_model: BaseModel, of: KeywordRanking, label: int) -> Sequence[str] | None:
    """The captions that a list was ranked with; None where there were none, or others are kept by now."""
    used = of.settings.get("captions")
    if not used:
        return None
    try:
        found = open_captions(base_model.dataset.files, used["name"])
    except ModelingError:
        return None
    rows = class_images(base_model, label).rows
    return [found.captions[row] for row in rows] if found.digest == used["sha256"] else None
