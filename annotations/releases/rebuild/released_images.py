"""The images of a release's classes, and what is stored of phrases on them, as the analysis takes them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from annotations.analysis.concepts.concept_columns import Clusters, Measured
from annotations.analysis.observations.task_concepts import Merged, merged
from annotations.analysis.tables.keyword_splits import ShownClass, Words
from annotations.analysis.tables.keyword_tables import Ranking, Said
from annotations.analysis.tables.phrase_splits import Looked, look
from annotations.releases.rebuild.error_scores import scores_of
from annotations.releases.rebuild.observed import HIDDEN, ranked_rows
from annotations.releases.rebuild.release_tables import Release, known, stacked
from annotations.releases.rebuild.run_accuracies import OWN_CONTROL, TaskAccuracies
from clarify_errors.arrays.concepts.explained_errors import Explained, explain

MOST_COMPARED = 1_000  # annotations of a task


class TaskImages:
    """The images of one task's class. Annotations are named by the places, from 1, of phrases that said them."""

    dataset = 0

    def __init__(self, release: Release, task: int, said: pd.DataFrame) -> None:
        self._release, self._task, self._said = release, task, said
        self._shown = release.lowest("validation", task)
        self._kept = release.lowest("annotations", task).set_index("annotation")

    @cached_property
    def keys(self) -> NDArray[np.bytes_]:
        return np.array([key.encode() for key in self._shown.image_key], object)

    @cached_property
    def is_error(self) -> NDArray[np.bool_]:
        wrong: NDArray[np.bool_] = self._shown.is_error.to_numpy(bool)
        return wrong

    def annotation(self, score: int) -> Any:
        """Return what is stored of an annotation."""
        return self._kept.loc[int(self._said.annotation.iloc[score - 1])]

    def threshold(self, score: int) -> float | None:
        found: float | None = known(scores_of(self._release, self._task).threshold.loc[self.annotation(score).name])
        return found

    def signed(self, scores: Sequence[int]) -> NDArray[np.float32]:
        rows = [np.float32(of.sign) * np.asarray(of.similarities) for of in map(self.annotation, scores)]
        return np.stack(rows) if rows else np.empty((0, len(self._shown)), np.float32)

    def slices(self, scores: Sequence[int]) -> NDArray[np.bool_]:
        thresholds = np.array([self.threshold(each) for each in scores], np.float32)
        return self.signed(scores) > thresholds[:, None]

    def embeddings(self, scores: Sequence[int]) -> NDArray[np.float32]:
        return np.stack([np.asarray(self.annotation(each).embedding) for each in scores])

    def explained(self, scores: Sequence[int], numbers: Sequence[int]) -> Explained:
        found = explain(self.signed(scores), numbers, self.is_error)
        random = self._release.lowest("random_directions", self._task).set_index("concepts")["values"]
        return replace(found, random=stacked(random.loc[1 : len(found.chosen)], 0, np.float64).T)

    def clusters(self, outside: NDArray[np.bool_]) -> Clusters:
        """Return those of the release: they are of the images' embeddings, which are not in it."""
        rows = self._release.csv("unnamed_errors")
        rows = rows[rows.task == self._task]
        position = {key: place for place, key in enumerate(self._shown.image_key[outside & self.is_error])}
        members = (json.loads(images) for images in rows.images[rows.cluster > 0])
        of_all = rows.iloc[0]
        return Clusters(
            tuple(tuple(position[key] for key in images if key in position) for images in members),
            Measured(of_all.silhouette, of_all.silhouette_p),
            Measured(of_all.likeness, of_all.likeness_p),
        )


class ReleasedStudy:
    """Of a release, by the positions of its tasks. said: what was said, with scores."""

    def __init__(self, release: Release, said: pd.DataFrame, found: Mapping[int, TaskAccuracies]) -> None:
        self._release, self._said, self._found = release, said, found
        self._facts = {task["task"]: task for task in release.study["tasks"]}
        self._looked: dict[tuple[int, int, int], Looked] = {}

    @cached_property
    def whole(self) -> frozenset[int]:
        """The tasks of which the release has all arrays: what others' tables take of these is not computed again."""
        return frozenset(task for task in self._release.tasks if self._is_whole(task))

    def _is_whole(self, task: int) -> bool:
        """Beyond 1,000 annotations none is compared. Of the best phrase there is more than of others."""
        said = self._said[(self._said.task == task) & self._said.text_digest.notna()]
        distinct = len(said[["text_digest", "sign"]].drop_duplicates())
        kept = self._release.lowest("annotations", task)
        runs = said.run[said.run.isin(self._release.csv("runs").query("worst_group_accuracy.notna()").run)]
        return (
            len(kept) >= min(distinct, MOST_COMPARED)
            and (distinct <= MOST_COMPARED or bool(kept.test_similarities.notna().any()))
            and bool(runs.isin(self._found[task].runs).all())
        )

    def images(self, task: int) -> TaskImages:
        return TaskImages(self._release, task, self._said)

    def merged(self, task: int, scores: tuple[int, ...], words: tuple[str, ...]) -> Merged:
        """Return the concepts of annotations; none where not all are there."""
        if task not in self.whole or not scores:
            return ((None, 0.0),) * len(scores)
        return merged(self.images(task).slices(scores), words)

    def look(self, task: int, phrase: int, draw: int) -> Looked:
        """Look at a scored phrase's class images; nothing where arrays of the task are not here."""
        if task not in self.whole:
            return Looked()
        key = (task, phrase, draw)
        if key not in self._looked:
            place = int(np.flatnonzero((self._said.phrase == phrase) & (self._said.task == task))[0])
            said = self._said_of(task, place, draw)
            self._looked[key] = look(self._class(task), said, list(self._rankings(task)), draw)
        return self._looked[key]

    def _said_of(self, task: int, place: int, draw: int) -> Said:
        images, row, found = self.images(task), self._said.iloc[place], self._found[task]
        of, run = images.annotation(place + 1), found.runs.get(row.run)
        is_hidden = row.normalised == HIDDEN
        return Said(
            words=row.text,
            typed="" if is_hidden else row.text,
            sign=int(row.sign),
            threshold=images.threshold(place + 1),
            error_score=float(row.error_score),
            similarities=np.asarray(of.similarities),
            on_test=None if draw else np.asarray(of.test_similarities),
            after=run["predictions"][self._of_class(task)] if run else None,
            plain_average=run["plain_average_accuracy"] if run else None,
            worst_group=run["worst_group_accuracy"] if run else None,
        )

    def _of_class(self, task: int) -> NDArray[np.bool_]:
        inside: NDArray[np.bool_] = (self._found[task].test.label == self._facts[task]["target_class"]).to_numpy()
        return inside

    def _class(self, task: int) -> ShownClass:
        found, inside, images = self._found[task], self._of_class(task), self._release.lowest("validation", task)
        control = found.controls.get(OWN_CONTROL)
        return ShownClass(
            task=task,
            class_name=self._facts[task]["class"],
            label=self._facts[task]["target_class"],
            scheme=self._release.study["scheme"],
            keys=self.images(task).keys,
            predicted=images.predicted.to_numpy(np.int32),
            test_predicted=found.test.predicted.to_numpy(np.int32)[inside],
            control=control["predictions"][inside] if control else None,
            n_test=len(found.test),
            plain_average=found.base["plain_average_accuracy"] if found.base else None,
        )

    def _rankings(self, task: int) -> Iterator[Ranking]:
        listed, retrained = self._release.csv("keywords"), self._release.lowest("retrained_keywords", task)
        for each in listed[listed.task == task].drop_duplicates("list_digest").itertuples():
            first = retrained[retrained.list_digest == each.list_digest].itertuples()
            words = [_machine(row, each.list) for row in first]
            yield Ranking(each.list, each.list_digest, ranked_rows(self._release, task, each.list_digest), words)


def _machine(row: Any, name: str) -> Words:
    return Words(
        words=row.keyword,
        sign=int(row.sign),
        threshold=known(row.threshold),
        on_test=None if row.test_similarities is None else np.asarray(row.test_similarities),
        after=None if row.predictions is None else np.asarray(row.predictions),
        worst_group=known(row.worst_group_accuracy),
        whose=row.whose,
        list=name,
        list_digest=row.list_digest,
    )
