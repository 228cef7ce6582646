"""The rows of a release's lowest tables, as many as there is room for, and in words what is left out."""

import base64
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

import numpy as np
from django.db.models import Q, QuerySet

from annotations.analysis.concepts.concept_tables import explained_together
from annotations.analysis.observations.concept_matching import Concepts
from annotations.analysis.observations.packed_phrases import NOTHING, Packed
from annotations.analysis.observations.person_tasks import Tried
from annotations.analysis.observations.study_rows import StudyRows, TaskFacts
from annotations.analysis.observations.task_concepts import TaskConcepts, words_of
from annotations.exports.tables.table_rows import Source, source_of
from annotations.models import (
    BaseModel,
    Benchmark,
    Control,
    KeywordRanking,
    Phrase,
    RandomSlices,
    RandomSliceScores,
    Run,
    Score,
    Study,
    Task,
    VocabularyLevel,
)
from annotations.models.arrays import pack_float32, pack_float64, unpack_float32
from annotations.readings.datasets.class_images import class_images
from annotations.readings.phrases.vocabulary_levels import WHOLE, half_of
from annotations.readings.releases.moderated_words import HIDDEN
from modeling.arrays.common.batches import batched
from modeling.arrays.common.modeling_errors import ModelingError, NothingToSeparate
from modeling.arrays.datasets.dataset_files import Split
from modeling.arrays.datasets.groups import group_ids, group_names
from modeling.arrays.embeddings.similarity import similarities
from worker.releases import lowest_columns as columns

MAX_ANNOTATIONS = 1_000  # of a task; concepts compare no more
MAX_BYTES = 1 << 26  # similarities of a task, and as many test predictions
MAX_TASKS = 40  # with arrays, as many as a figure shows
_AT_ONCE = 50  # arrays read together
_ARRAYS_OF_KEYWORDS = ("text_embedding", "predictions")


def lowest_tables(study: Study, rows: StudyRows, concepts: Concepts) -> tuple[list[Source], list[str]]:
    """Return the lowest tables of a study: of each of its first tasks, and what was said of all; and what is left out.

    The tables' rows are read as they are written.
    """
    parts: list[Source] = []
    notes: list[str] = []
    kept: dict[int, dict[bytes, int]] = {}
    experts, tried = rows.experts.by_task(), rows.tried.by_task()
    facts = {each.position: each for each in rows.tasks}
    tasks = list(study.tasks.with_base_models().select_related("base_model__dataset").order_by("position"))
    for task in tasks[:MAX_TASKS]:
        said = (tried.get(task.position, NOTHING), experts.get(task.position, NOTHING))
        try:
            of_task = _OfTask(study, facts[task.position], task, concepts.by_task[task.position], *said)
        except ModelingError as error:
            notes.append(f"task {task.position}: no arrays, since its data set cannot be read: {error}.")
            continue
        parts += of_task.parts()
        notes += of_task.notes
        kept[task.position] = of_task.numbers
    if len(tasks) > MAX_TASKS:
        notes.append(f"tasks after the first {MAX_TASKS}: no arrays.")
    whole = [Source(columns.SAID, _said(rows, kept)), Source(columns.COURSES, rows.courses.people)]
    return [*whole, *parts], notes


class _OfTask:
    """The tables of one task. Raises BadDataset."""

    def __init__(
        self, study: Study, facts: TaskFacts, task: Task, concepts: TaskConcepts, tried: Packed, experts: Packed
    ) -> None:
        said = [each for each, _ in concepts.said]
        self.study, self.facts, self.task, self.concepts = study, facts, task, concepts
        self.files = task.base_model.dataset.files
        self.label = task.target_class
        self.notes: list[str] = []
        self.test_rows = self.files.rows(Split.TEST)
        self.images = None if self.label is None else class_images(task.base_model, self.label)
        n_images = 0 if self.images is None else len(self.images.rows)
        room = min(MAX_ANNOTATIONS, MAX_BYTES // max(4 * n_images, 1))
        order = sorted(range(len(said)), key=lambda i: -len(said[i].people) - len(said[i].experts))
        chosen = sorted(order[:room])
        self.numbers = {said[i].key: i for i in chosen}
        self._scores = {said[i].score: i for i in chosen}
        n_distinct = len(set(tried.scored().column("key").tolist()) | set(experts.scored().column("key").tolist()))
        if n_distinct > len(chosen):
            self._note(f"similarities of {len(chosen):,} of {n_distinct:,} distinct annotations")
        self._best = _best_key(tried, concepts)
        self._experts = [score for score in experts.column("score").tolist() if score]
        self._runs = self._all_runs()
        self._controls = dict(enumerate(sorted({each[1] for each in self._runs if each[1]} | self._own_control())))
        self._draws = dict(enumerate(sorted({each[2] for each in self._runs if each[2]})))

    def _note(self, what: str) -> None:
        self.notes.append(f"task {self.task.position}: {what}.")

    def _all_runs(self) -> list[tuple[int, int | None, int | None]]:
        """Ids of the runs that are done, of their controls and of their random slices."""
        of_study = source_of(self.study, "runs").rows.filter(assignment__task=self.task)  # type: ignore[union-attr]
        of_both = Run.objects.filter(Q(pk__in=of_study.order_by().values("pk")) | Q(scores__in=self._experts))
        found = of_both.filter(test_predictions__isnull=False).order_by("pk").distinct()
        runs: list[tuple[int, int | None, int | None]] = list(found.values_list("pk", "control", "random_slices"))
        room = MAX_BYTES // max(4 * len(self.test_rows), 1)
        if len(runs) > room:
            self._note(f"test predictions of the first {room:,} of {len(runs):,} runs")
        return runs[:room]

    def _own_control(self) -> set[int]:
        """The id of the task's control, which is there as soon as any study has a run of the kind."""
        base_model = self.task.base_model
        controls = Control.objects.filter(
            dataset=base_model.dataset, target_classes=[self.label], scheme=self.study.scheme, l2=base_model.l2
        )
        return set() if self.label is None else set(controls.values_list("pk", flat=True))

    def parts(self) -> Iterator[Source]:
        rows: dict[str, Iterable[columns.Cells]] = {
            "groups": self._groups(),
            "validation": self._validation(),
            "test": self._test(),
            "annotations": self._annotations(),
            "predictions": self._predictions(),
            "random_slices": self._null_draws(),
            "vocabulary": self._vocabulary(),
            "random_directions": self._random_directions(),
            "benchmark": self._classifiers(),
            "ranked_keywords": self._ranked_keywords(),
            "retrained_keywords": self._retrained_keywords(),
        }
        place = self.task.position
        return (Source(table.of_task(place), rows[name]) for name, table in columns.OF_TASK.items())

    def _groups(self) -> Iterator[columns.Cells]:
        dataset = self.task.base_model.dataset
        names = group_names(dataset.class_names, dataset.attribute_names)
        counts = self.files.train_group_counts.tolist()
        return ((i, name, n, str(dataset)) for i, (name, n) in enumerate(zip(names, counts, strict=True)))

    def _validation(self) -> Iterator[columns.Cells]:
        if self.images is None:
            return
        keys = self.files.image_keys[self.images.rows].tolist()
        for key, predicted, is_error in zip(
            keys, self.images.predicted.tolist(), self.images.is_error.tolist(), strict=True
        ):
            yield (key.decode(), predicted, is_error)

    def _test(self) -> Iterator[columns.Cells]:
        files, rows = self.files, self.test_rows
        groups = group_ids(files.labels, files.attributes, len(files.attribute_names))[rows]
        predicted = self.task.base_model.predicted[rows]
        yield from zip(files.labels[rows].tolist(), groups.tolist(), predicted.tolist(), strict=True)

    def _annotations(self) -> Iterator[columns.Cells]:
        found = Score.objects.filter(pk__in=self._scores).order_by("text_digest", "sign")
        fields = ("pk", "text_digest", "sign", "similarities", "text_embedding")
        for pk, digest, sign, values, embedding in found.values_list(*fields).iterator(_AT_ONCE):
            number = self._scores[pk]
            of_test = self._of_test(bytes(embedding)) if number == self.numbers.get(self._best) else None
            yield (number, digest, sign, bytes(values), of_test, bytes(embedding))

    def _of_test(self, embedding: bytes) -> bytes:
        rows = self.files.rows(Split.TEST, self.label)
        return pack_float32(similarities(self.files.array("similarity")[rows], unpack_float32(embedding)))

    def _predictions(self) -> Iterator[columns.Cells]:
        controls = {pk: number for number, pk in self._controls.items()}
        draws = {pk: number for number, pk in self._draws.items()}
        of_controls = Control.objects.filter(pk__in=controls).order_by("pk")
        for pk, values in of_controls.values_list("pk", "test_predictions").iterator(_AT_ONCE):
            yield (None, controls[pk], None, bytes(values))
        runs = Run.objects.filter(pk__in=[pk for pk, _, _ in self._runs]).order_by("pk")
        fields = ("public_id", "control", "random_slices", "test_predictions")
        for run, control, slices, values in runs.values_list(*fields).iterator(_AT_ONCE):
            yield (run, controls.get(control), draws.get(slices), bytes(values))

    def _null_draws(self) -> Iterator[columns.Cells]:
        found = RandomSlices.objects.in_bulk(list(self._draws.values()))
        scored = RandomSliceScores.objects.filter(random_slices__in=found, base_model=self.task.base_model)
        scores = dict(scored.values_list("random_slices", "values"))
        for number, pk in self._draws.items():
            values = pack_float64(np.array(found[pk].worst_groups))
            of_draws = pack_float64(np.array(scores[pk])) if pk in scores else None
            yield (number, found[pk].n_above, values, of_draws)

    def _vocabulary(self) -> Iterator[columns.Cells]:
        found = VocabularyLevel.objects.filter(
            base_model=self.task.base_model,
            target_class=self.label if self.label is not None else BaseModel.NO_PREDICTION,
            text_template=self.task.text_template,
            language=self.study.phrase_language,
            half__in=[WHOLE, half_of(self.study)],
        )
        if self.label is None:
            return
        for each in found.order_by("half"):
            levels = each.level, each.negated_level
            scores = bytes(each.scores), bytes(each.negated_scores)
            yield (each.half, each.n_correct, each.n_error, *levels, *scores)

    def _random_directions(self) -> Iterator[columns.Cells]:
        with suppress(NothingToSeparate):
            if found := explained_together(self.task, self.concepts):
                for number, values in enumerate(found.random.T, start=1):
                    yield (number, pack_float64(values))

    def _classifiers(self) -> Iterator[columns.Cells]:
        for row in self.facts.benchmark:
            for each in row.get("predictions", ()):  # before 0.12 they were not kept
                if each["name"] != Benchmark.ALL_TRAIN:
                    yield (row["method"], each["name"], zlib.decompress(base64.b64decode(each["zlib"])))

    def _rankings(self) -> QuerySet[KeywordRanking]:
        if self.label is None:
            return KeywordRanking.objects.none()
        found = KeywordRanking.objects.filter(base_model=self.task.base_model, target_class=self.label)
        return found.order_by("list_digest")

    def _ranked_keywords(self) -> Iterator[columns.Cells]:
        for ranking in self._rankings():
            for row in ranking.rows:
                shown = (row["keyword"], row["sign"], row["error_score"], row["clip_score"])
                yield (ranking.list_digest, words_of(row["keyword"]), *shown)

    def _retrained_keywords(self) -> Iterator[columns.Cells]:
        for ranking in self._rankings():
            for row in ranking.retrained_with(self.study.scheme):
                text, packed = (row.get(name) and base64.b64decode(row[name]) for name in _ARRAYS_OF_KEYWORDS)
                shown = (row["by"], row["keyword"], row["sign"], row["threshold"])
                yield (ranking.list_digest, *shown, text and self._of_test(text), packed)


def _best_key(tried: Packed, concepts: TaskConcepts) -> bytes:
    """The annotation of a task's best phrase, of those that do not select nearly all images; empty where all are 0."""
    values = np.nan_to_num(tried.column("error_score"))
    best = (tried[place] for place in np.argsort(-values, kind="stable").tolist() if values[place] > 0)
    return next((each.key for each in best if concepts.group_of(each) is not None), b"")


def _said(rows: StudyRows, kept: Mapping[int, Mapping[bytes, int]]) -> Iterator[columns.Cells]:
    numbers = _word_numbers(rows)
    for is_expert, said in ((False, rows.tried), (True, rows.experts)):
        for block in batched(said, 1_000):
            yield from _block(block, numbers, kept, is_expert=is_expert)


def _block(
    block: Sequence[Tried],
    numbers: Mapping[int, Mapping[str, int]],
    kept: Mapping[int, Mapping[bytes, int]],
    *,
    is_expert: bool,
) -> Iterator[columns.Cells]:
    fields = ("pk", "submitted_at", "score__run__public_id", "score__text_digest", "score__sign")
    of_phrase = {
        row[0]: row[1:] for row in Phrase.objects.filter(pk__in=[each.phrase for each in block]).values_list(*fields)
    }
    for each in block:
        submitted_at, run, digest, sign = of_phrase[each.phrase]
        words = words_of(each.meant or each.text)
        yield (
            each.task, each.phrase, each.participant, is_expert, submitted_at, each.text,
            numbers[each.task][words], HIDDEN if each.meant else words,
            kept.get(each.task, {}).get(each.key), digest or "", sign, each.tries, run, each.basis,
        )  # fmt: skip


def _word_numbers(rows: StudyRows) -> dict[int, dict[str, int]]:
    """Number the normalised words of each task by the alphabet; those that only hidden phrases have come last."""
    shown: dict[int, set[str]] = defaultdict(set)
    hidden: dict[int, dict[str, None]] = defaultdict(dict)
    for said in (rows.tried, rows.experts):
        for each in said:
            if each.meant:
                hidden[each.task][words_of(each.meant)] = None
            else:
                shown[each.task].add(words_of(each.text))
    tasks = shown.keys() | hidden.keys()
    return {
        task: {
            words: number
            for number, words in enumerate(
                [*sorted(shown[task]), *(each for each in hidden[task] if each not in shown[task])]
            )
        }
        for task in tasks
    }
