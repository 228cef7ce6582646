"""Phrases merged into concepts, who named them, what they cover, and their map."""

import json
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from annotations.analysis.concepts.concept_columns import CONCEPTS, MAP, ConceptRow, Place
from annotations.analysis.concepts.rows_of_concepts import concept_rows, coverage, named, places
from annotations.analysis.observations.person_tasks import annotation_key
from annotations.analysis.observations.task_concepts import ConceptAnnotation, merged, task_concepts
from annotations.analysis.statistics.estimate_types import wilson_interval
from annotations.exports.rebuild.people_tables import tried_of
from annotations.exports.rebuild.release_tables import Release, stacked
from annotations.exports.rebuild.report import Report, as_table
from annotations.exports.rebuild.run_accuracies import TaskAccuracies
from annotations.exports.rebuild.slice_accuracies import slices_of

HIDDEN = "(hidden)"


class Concepts:
    """The concepts of one task, with what each of its annotations selects and how similar the images are to it."""

    def __init__(self, release: Release, task: int, said: pd.DataFrame) -> None:
        self.task = task
        self.wrong = release.lowest("validation", task).is_error.to_numpy(bool)
        self.kept = release.lowest("annotations", task).set_index("annotation").sort_index()
        values = stacked(self.kept.similarities, len(self.wrong), np.float32)
        self.signed = values * self.kept.sign.to_numpy(np.float32)[:, None]
        slices = slices_of(release, task)
        inside = [slices[number] for number in self.kept.index]
        self.slices = np.array(inside, np.bool_).reshape(-1, len(self.wrong))
        compared = _annotations(said[said.task == task])
        # The normalised words stand as numbers in a release, in their order.
        self.of = task_concepts(compared, merged(self.slices, [each.words for each in compared]))
        self.groups = {row.phrase: self._group(row) for row in said[said.task == task].itertuples()}

    def _group(self, row: Any) -> Any:
        """Of a phrase: that of its annotation, or else of its words; None: nearly all images."""
        key = (row.text_digest, row.sign) if pd.notna(row.annotation) else None
        by_words = self.of.by_words.get(f"{row.words:09}", ("words", row.words))
        return self.of.by_key[annotation_key(*key)] if key else by_words

    @property
    def inside(self) -> NDArray[np.bool_]:
        """What each concept selects, as the annotation that names it does."""
        return self.slices[[lead.score - 1 for _, lead in named(self.of)]]

    def rows(self, found: TaskAccuracies) -> list[ConceptRow]:
        """The rows of concepts.csv."""
        base = None if found.base is None else found.base["worst_group_accuracy"]
        covered, control = coverage(self.inside, self.wrong), found.control_worst_group
        return concept_rows(self.task, "", named(self.of), covered, control=control, base=base)

    def places(self) -> list[Place]:
        """The rows of concept_map.csv."""
        embeddings = self.kept.embedding
        return places(
            self.task,
            self.of.said,
            lambda scores: stacked(embeddings.iloc[[score - 1 for score in scores]], 2, np.float64),
        )


def _annotations(said: pd.DataFrame) -> list[ConceptAnnotation]:
    """Return the annotations by number; `said` has people before experts, the earliest first."""
    found: dict[int, ConceptAnnotation] = {}
    for each, row in zip(tried_of(said), said.itertuples(), strict=True):
        if pd.isna(row.annotation):
            continue
        number = int(row.annotation)
        of = found.setdefault(number, ConceptAnnotation(each.key, number, each.score, each, words=f"{row.words:09}"))
        of.first = each if of.first.text == HIDDEN else of.first
        of.accuracy = each.worst_group_accuracy if of.accuracy is None else of.accuracy
        of.words, of.is_better = min(of.words, f"{row.words:09}"), of.is_better or bool(row.is_idea)
        (of.experts if row.is_expert else of.people).add(each.participant)
    for place, number in enumerate(sorted(found), start=1):
        found[number].score = place
    return [found[number] for number in sorted(found)]


def rebuild_concepts(
    release: Release, report: Report, said: pd.DataFrame, found: dict[int, TaskAccuracies]
) -> tuple[dict[int, Concepts], pd.DataFrame]:
    """Compare concepts.csv and concept_map.csv; return the concepts of each task, and the rows of the latter."""
    capped = [task for task in release.tasks if _is_capped(said, task)]
    tasks = [task for task in release.tasks if task not in capped]
    concepts = {task: Concepts(release, task, said) for task in tasks}
    tables = (
        (CONCEPTS, ["task", "concept"], [row for task, each in concepts.items() for row in each.rows(found[task])]),
        (MAP, ["task", "concept", "text", "x"], [row for each in concepts.values() for row in each.places()]),
    )
    compared: dict[str, pd.DataFrame] = {}
    for table, key, rows in tables:
        name, mine = table.name, as_table(table, rows)
        theirs = release.csv(name)
        theirs = theirs[theirs.task.isin(tasks)]
        columns = [each for each in theirs.columns if each not in (*key, "class")]
        if name == "concept_map":  # rows have no number: they are compared in the table's order
            key, columns = ["task", "row"], ["concept", "text", "x", *columns]
            mine, theirs = (each.assign(row=each.groupby("task").cumcount()) for each in (mine, theirs))
        report.compare(name, key, mine, theirs, columns)
        compared[name] = mine
    numbers = {
        phrase: each.of.numbers.get(group) for each in concepts.values() for phrase, group in each.groups.items()
    }
    there = release.csv("phrases")
    shown = there[there.task.isin(tasks) & there.phrase.isin(said.phrase)]
    mine = shown[["phrase"]].assign(concept=shown.phrase.map(numbers))
    report.compare("phrases", ["phrase"], mine, shown, ["concept"])
    _compare_unnamed(release, report, concepts)
    if capped or (set(release.csv("concepts").task) - set(release.tasks)):
        why = "their similarities are not in the release, or not all of them, see README.txt"
        report.not_rebuilt("concepts, concepts_together, concept_map: some tasks", why)
    return concepts, compared["concept_map"]


def _is_capped(said: pd.DataFrame, task: int) -> bool:
    """Whether annotations that the concepts were merged of are missing: beyond 1,000 none is compared anyway."""
    of_task = said[(said.task == task) & said.text_digest.ne("")]
    distinct = len(of_task[["text_digest", "sign"]].drop_duplicates())
    return int(of_task.annotation.nunique()) < min(distinct, 1_000)


def _compare_unnamed(release: Release, report: Report, concepts: dict[int, Concepts]) -> None:
    """Compare how many wrong images no concept selects. Their clusters are of the images' embeddings: inputs."""
    theirs = release.csv("unnamed_errors")
    theirs = theirs[theirs.task.isin(concepts)]
    columns = ["n", "of_errors", "of_errors_low", "of_errors_high", "of_correct"]
    rows = []
    for each in theirs.itertuples():
        of = concepts[each.task]
        outside = np.all(~of.inside, axis=0)
        n, n_wrong = int((outside & of.wrong).sum()), int(of.wrong.sum())
        of_correct = outside[~of.wrong].mean()
        if each.cluster:
            n, of_correct = len(json.loads(each.images)), None
        rows.append(
            [each.task, each.cluster, n, n / n_wrong, *(wilson_interval(n, n_wrong) or (None, None)), of_correct]
        )
    mine = pd.DataFrame(rows, columns=["task", "cluster", *columns])
    report.compare("unnamed_errors", ["task", "cluster"], mine, theirs, columns)
