"""The rows of a release's lowest tables, as many as there is room for, and in words what is left out."""

import base64
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

import numpy as np
from django.db.models import Q

from annotations.analysis.concepts.concept_tables import explained_together
from annotations.analysis.observations.packed_phrases import NOTHING
from annotations.analysis.observations.task_concepts import words_of
from annotations.analysis.tables.study_tables import best_phrases
from annotations.datasets.class_images import class_images
from annotations.models import Benchmark, Control, Phrase, RandomSlices, RandomSliceScores, Run, Score, Study, Task
from annotations.models.arrays import pack_float32, pack_float64, pack_int32, unpack_float32
from annotations.models.moderated_words import HIDDEN
from annotations.releases.tables.table_rows import Source, source_of
from annotations.results.beside_keywords import keyword_right, lists_of
from annotations.results.stored_images import StoredImages, controls_of
from annotations.results.study_analysis import Analysed
from clarify_errors.arrays.common.batches import batched
from clarify_errors.arrays.common.modeling_errors import ModelingError, NothingToSeparate
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.embeddings.similarity import similarities
from worker.releases import lowest_columns as columns

MAX_ANNOTATIONS = 1_000  # of a task; concepts compare no more
MAX_BYTES = 1 << 26  # similarities of a task, and as many test predictions
MAX_TASKS = 40  # with arrays, as many as a figure shows
_AT_ONCE = 50  # arrays read together
_OF_PHRASE = ("pk", "submitted_at", "score__run__public_id", "score__text_digest", "score__sign")
_ARRAYS_OF_KEYWORDS = ("text_embedding", "predictions")


def lowest_tables(study: Study, of: Analysed) -> tuple[list[Source], list[str]]:
    """Return the lowest tables of a study: of each of its first tasks, and what was said of all; and what is left out.

    The tables' rows are read as they are written.
    """
    parts: list[Source] = []
    notes: list[str] = []
    kept: dict[int, dict[bytes, int]] = {}
    tasks = list(study.tasks.with_base_models().select_related("base_model__dataset").order_by("position"))
    for task in tasks[:MAX_TASKS]:
        if task.target_class is None:
            notes.append(f"task {task.position}: no arrays, since it has no class yet.")
            continue
        try:
            of_task = _OfTask(study, of, task, task.target_class)
        except ModelingError as error:
            notes.append(f"task {task.position}: no arrays, since its data set cannot be read: {error}.")
            continue
        parts += of_task.parts()
        notes += of_task.notes
        kept[task.position] = of_task.numbers
    if len(tasks) > MAX_TASKS:
        notes.append(f"tasks after the first {MAX_TASKS}: no arrays.")
    whole = [Source(columns.SAID, _said(of, kept)), Source(columns.COURSES, of.rows.courses.people)]
    return [*whole, *parts], notes


class _OfTask:
    """The tables of one task. Raises BadDataset."""

    def __init__(self, study: Study, of: Analysed, task: Task, label: int) -> None:
        place = task.position
        self.concepts, self.scheme, self.task, self.label = of.concept.by_task[place], study.scheme, task, label
        self.vocabulary = of.rows.vocabularies.get(place)
        self.benchmark = next(facts.benchmark for facts in of.rows.tasks if facts.position == place)
        self.files, self.images = task.base_model.dataset.files, class_images(task.base_model, label)
        self.notes: list[str] = []
        said = [each for each, _ in self.concepts.said]
        room = min(MAX_ANNOTATIONS, MAX_BYTES // max(4 * len(self.images.rows), 1))
        order = sorted(range(len(said)), key=lambda i: -len(said[i].people) - len(said[i].experts))
        chosen = sorted(order[:room])
        self.numbers = {said[i].key: i for i in chosen}
        self._scores = {said[i].score: i for i in chosen}
        tried, experts = (rows.by_task().get(place, NOTHING).scored() for rows in (of.rows.tried, of.rows.experts))
        n_distinct = len({*tried.column("key").tolist(), *experts.column("key").tolist()})
        if n_distinct > len(chosen):
            self._note(f"similarities of {len(chosen):,} of {n_distinct:,} distinct annotations")
        best = best_phrases(tried, of.concept).get(place)
        self._best = self.numbers.get(best.key) if best else None
        self._runs = self._all_runs(study, experts.column("score").tolist())
        own = list(controls_of(task).values_list("pk", flat=True))
        others = {each[1] for each in self._runs if each[1]}.difference(own)
        self._controls = {pk: number for number, pk in enumerate([*own, *sorted(others)], start=1 - len(own))}
        self._draws = {pk: number for number, pk in enumerate(sorted({each[2] for each in self._runs if each[2]}))}

    def _note(self, what: str) -> None:
        self.notes.append(f"task {self.task.position}: {what}.")

    def _all_runs(self, study: Study, of_experts: list[int]) -> list[tuple[int, int | None, int | None]]:
        """Ids of the runs that are done, of their controls and of their random slices."""
        of_study = source_of(study, "runs").rows.filter(assignment__task=self.task)  # type: ignore[union-attr]
        of_both = Run.objects.filter(Q(pk__in=of_study.order_by().values("pk")) | Q(scores__in=of_experts))
        found = of_both.filter(test_predictions__isnull=False).order_by("pk").distinct()
        runs: list[tuple[int, int | None, int | None]] = list(found.values_list("pk", "control", "random_slices"))
        room = MAX_BYTES // max(4 * len(self.files.rows(Split.TEST)), 1)
        if len(runs) > room:
            self._note(f"test predictions of the first {room:,} of {len(runs):,} runs")
        return runs[:room]

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
        place = f"task-{self.task.position}"
        for name, table in columns.OF_TASK.items():
            yield Source(replace(table, file=table.file.replace("task-N", place)), rows[name])

    def _groups(self) -> Iterator[columns.Cells]:
        dataset = self.task.base_model.dataset
        counts = self.files.train_group_counts.tolist()
        return ((i, name, n, str(dataset)) for i, (name, n) in enumerate(zip(dataset.group_names, counts, strict=True)))

    def _validation(self) -> Iterator[columns.Cells]:
        keys = (key.decode() for key in self.files.image_keys[self.images.rows].tolist())
        yield from zip(keys, self.images.predicted.tolist(), self.images.is_error.tolist(), strict=True)

    def _test(self) -> Iterator[columns.Cells]:
        files, rows = self.files, self.files.rows(Split.TEST)
        predicted = self.task.base_model.predicted[rows]
        yield from zip(files.labels[rows].tolist(), files.groups[rows].tolist(), predicted.tolist(), strict=True)

    def _annotations(self) -> Iterator[columns.Cells]:
        found = Score.objects.filter(pk__in=self._scores).order_by("text_digest", "sign")
        fields = ("pk", "text_digest", "sign", "similarities", "text_embedding")
        for pk, digest, sign, values, embedding in found.values_list(*fields).iterator(_AT_ONCE):
            number = self._scores[pk]
            of_test = self._of_test(bytes(embedding)) if number == self._best else None
            yield (number, digest, sign, bytes(values), of_test, bytes(embedding))

    def _of_test(self, embedding: bytes) -> bytes:
        rows = self.files.rows(Split.TEST, self.label)
        return pack_float32(similarities(self.files.array("similarity")[rows], unpack_float32(embedding)))

    def _predictions(self) -> Iterator[columns.Cells]:
        of_controls = Control.objects.filter(pk__in=self._controls).order_by("pk")
        for pk, values in of_controls.values_list("pk", "test_predictions").iterator(_AT_ONCE):
            yield (None, self._controls[pk], None, bytes(values))
        runs = Run.objects.filter(pk__in=[pk for pk, _, _ in self._runs]).order_by("pk")
        fields = ("public_id", "control", "random_slices", "test_predictions")
        for run, control, slices, values in runs.values_list(*fields).iterator(_AT_ONCE):
            yield (run, self._controls.get(control), self._draws.get(slices), bytes(values))

    def _null_draws(self) -> Iterator[columns.Cells]:
        found = RandomSlices.objects.in_bulk(list(self._draws))
        scored = RandomSliceScores.objects.filter(random_slices__in=found, base_model=self.task.base_model)
        scores = dict(scored.values_list("random_slices", "values"))
        for pk, number in self._draws.items():
            values = pack_float64(np.array(found[pk].worst_groups))
            of_draws = pack_float64(np.array(scores[pk])) if pk in scores else None
            yield (number, found[pk].n_above, values, of_draws)

    def _vocabulary(self) -> Iterator[columns.Cells]:
        if self.vocabulary is not None:
            yield tuple(pack_float64(self.vocabulary.scores_of(sign)) for sign in (1, -1))

    def _random_directions(self) -> Iterator[columns.Cells]:
        with suppress(NothingToSeparate):
            if found := explained_together(self.concepts, StoredImages(self.task)):
                for number, values in enumerate(found.random.T, start=1):
                    yield (number, pack_float64(values))

    def _classifiers(self) -> Iterator[columns.Cells]:
        for row in self.benchmark:
            for each in row.get("predictions", ()):  # before 0.12 they were not kept
                if each["name"] != Benchmark.ALL_TRAIN:
                    yield (row["method"], each["name"], zlib.decompress(base64.b64decode(each["zlib"])))

    def _ranked_keywords(self) -> Iterator[columns.Cells]:
        for ranking in lists_of(self.task):
            for row in ranking.rows:
                yield (ranking.list_digest, row["keyword"], row["sign"], row["error_score"], row["clip_score"])

    def _retrained_keywords(self) -> Iterator[columns.Cells]:
        n_test = len(self.files.rows(Split.TEST))
        for ranking in lists_of(self.task):
            for row in ranking.retrained_with(self.scheme):
                text, packed = (row.get(name) and base64.b64decode(row[name]) for name in _ARRAYS_OF_KEYWORDS)
                shown = (row["by"], row["keyword"], row["sign"], row["threshold"])
                right = pack_int32(keyword_right(row, n_test)) if "right" in row else None
                of_test = text and self._of_test(text)
                yield (ranking.list_digest, *shown, of_test, packed, row.get("worst_group"), right)


def _said(of: Analysed, kept: Mapping[int, Mapping[bytes, int]]) -> Iterator[columns.Cells]:
    """What people said, then experts; the same words of a task have the same number, in the order of arrival."""
    numbers: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for is_expert, said in ((False, of.rows.tried), (True, of.rows.experts)):
        for block in batched(said, 1_000):
            found = Phrase.objects.filter(pk__in=[each.phrase for each in block]).values_list(*_OF_PHRASE)
            stored = {phrase: rest for phrase, *rest in found}
            for each in block:
                submitted_at, run, digest, sign = stored[each.phrase]
                words, of_task = words_of(each.meant or each.text), numbers[each.task]
                yield (
                    each.task, each.phrase, each.participant, is_expert, submitted_at, each.text,
                    of_task.setdefault(words, len(of_task)), HIDDEN if each.meant else words,
                    kept.get(each.task, {}).get(each.key), digest or "", sign, each.tries, run, each.basis,
                )  # fmt: skip
