"""Phrases merged into concepts, who named them, what they cover, and their map."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from .error_scores import Floats
from .mean_tables import wilson
from .release_tables import Release, stacked
from .report import Report
from .run_accuracies import TaskAccuracies
from .slice_accuracies import MAX_SHARE, slices_of

MIN_AGREEMENT = 0.6  # mean kappa from which groups are one concept
MAX_ON_MAP, MAX_TEXTS = 400, 50
HIDDEN = "(hidden)"


@dataclass
class Annotation:
    """One annotation of a task with everybody who said it. is_better: whether it may name a concept."""

    number: int
    order: int
    text: str
    value: float
    accuracy: float
    words: int
    is_better: bool
    people: set[str] = field(default_factory=set)
    experts: set[str] = field(default_factory=set)


class TaskConcepts:
    """The concepts of one task.

    said: its annotations; groups: the group of each, None where it selects nearly all images; numbers: of the concepts
    among the groups, 0 for none. slices: what each annotation selects.
    """

    def __init__(self, release: Release, task: int, said: pd.DataFrame) -> None:
        self.task = task
        self.wrong = release.lowest("validation", task).is_error.to_numpy(bool)
        self.kept = release.lowest("annotations", task).set_index("annotation").sort_index()
        values = stacked(self.kept.similarities, len(self.wrong), np.float32)
        self.signed = values * self.kept.sign.to_numpy(np.float32)[:, None]
        slices = slices_of(release, task)
        self.slices = np.array([slices[number] for number in self.kept.index]).reshape(-1, len(self.wrong))
        self.of_task = said[said.task == task]
        self.said = list(_annotations(self.of_task))
        telling = [i for i, inside in enumerate(self.slices) if inside.mean() <= MAX_SHARE]
        merged = merge(self.slices[telling], [self.said[i].words for i in telling])
        self.groups: list[int | None] = [None] * len(self.said)
        self.central = np.zeros(len(self.said))
        kappa = agreement(self.slices[telling])
        for i, group, row in zip(telling, merged, kappa, strict=True):
            self.groups[i] = group
            self.central[i] = np.round(row[np.array(merged) == group].mean(), 9)
        self.number_of = self._numbered()
        self.numbers = [self.number_of.get(group, 0) for group in self.groups]

    def _numbered(self) -> dict[Any, int]:
        """Number the concepts from 1: by how many people named them, then by their lead's error score and arrival."""
        groups = sorted({group for group in self.groups if group is not None})
        leads = {group: self.lead(self.places(group)) for group in groups}

        def rank(group: int) -> tuple[float, float, int]:
            lead = self.said[leads[group] or 0]
            return -len(self.people(self.places(group))), -lead.value, lead.order

        order = sorted((group for group in groups if leads[group] is not None), key=rank)
        return {group: place for place, group in enumerate(order, start=1)}

    def places(self, group: int) -> list[int]:
        """Return the places of a group's annotations."""
        return [i for i, each in enumerate(self.groups) if each == group]

    def lead(self, places: list[int]) -> int | None:
        """Return the most central annotation that is better than guessing, then by error score and arrival."""
        better = [i for i in places if self.said[i].is_better]
        return min(better, key=lambda i: (-self.central[i], -self.said[i].value, self.said[i].order), default=None)

    def people(self, places: list[int]) -> set[str]:
        """Return the people of the study who named any of some annotations."""
        return {person for i in places for person in self.said[i].people}

    def group_of(self) -> pd.Series:
        """Return the group of every phrase of the task: of its annotation, or else of its words; None: nearly all."""
        by_annotation = {each.number: group for each, group in zip(self.said, self.groups, strict=True)}
        order = sorted(range(len(self.said)), key=lambda i: self.groups[i] is not None)
        by_words = {self.said[i].words: self.groups[i] for i in order}
        found = [
            by_annotation[int(row.annotation)]
            if pd.notna(row.annotation)
            else by_words.get(row.words, ("words", row.words))
            for row in self.of_task.itertuples()
        ]
        return pd.Series(found, self.of_task.index, dtype=object)

    def named(self) -> list[set[Any]]:
        """Return the concepts of each person of the study who said something, by pseudonym."""
        people = self.of_task[~self.of_task.is_expert].assign(group=self.group_of())
        by_person: dict[str, set[Any]] = {person: set() for person in sorted(set(people.participant))}
        for row in people[people.is_idea].itertuples():
            if row.group is not None and row.group == row.group:
                by_person[row.participant].add(row.group)
        return list(by_person.values())


def _annotations(said: pd.DataFrame) -> Iterator[Annotation]:
    """Yield the annotations by number; `said` has people before experts, the earliest first."""
    scored = said[said.annotation.notna()]
    for number, rows in scored.groupby("annotation"):
        shown = rows[rows.text != HIDDEN]
        accuracy = rows.worst_group_accuracy.dropna()
        yield Annotation(
            number=int(number),
            order=scored.index.get_loc(rows.index[0]),
            text=(shown if len(shown) else rows).text.iloc[0],
            value=float(rows.error_score.iloc[0]),
            accuracy=float(accuracy.iloc[0]) if len(accuracy) else np.nan,
            words=int(rows.words.min()),
            is_better=bool(rows.is_idea.any()),
            people=set(rows.participant[~rows.is_expert]),
            experts=set(rows.participant[rows.is_expert]),
        )


def agreement(slices: Floats) -> Floats:
    """Return Cohen's kappa of each pair of slices; 0 where a slice has none or all of the images."""
    n, inside = slices.shape[1], slices.astype(np.float64)
    sizes = inside.sum(axis=1)
    both = inside @ inside.T
    observed = (n - sizes[:, None] - sizes[None, :] + 2 * both) / n
    expected = (sizes[:, None] * sizes[None, :] + (n - sizes)[:, None] * (n - sizes)[None, :]) / n**2
    telling = (sizes > 0) & (sizes < n)
    pairs = telling[:, None] & telling[None, :]
    kappa = np.where(pairs, (observed - expected) / np.where(pairs, 1 - expected, 1.0), 0.0)
    np.fill_diagonal(kappa, 1.0)
    return kappa


def merge(slices: Floats, words: list[int]) -> list[int]:
    """Return a group for each annotation: those with the same words, then average linkage by kappa.

    Along a chain of nearest neighbours, so that tied pairs are joined in the order that the release joined them in.
    """
    if not words:
        return []
    _, group = np.unique(words, return_inverse=True)
    indicator = (np.arange(group.max() + 1)[:, None] == group).astype(np.float64)
    sums, sizes = indicator @ agreement(slices) @ indicator.T, indicator.sum(axis=1)
    joined, alive = np.arange(len(sizes)), np.ones(len(sizes), bool)
    settled = np.zeros(len(sizes), bool)  # agrees with none of the others
    chain: list[int] = []
    while True:
        if not chain:
            rest = np.flatnonzero(alive & ~settled)
            if not len(rest):
                return [int(each) for each in joined[group]]
            chain = [int(rest[0])]
        means = np.where(alive, sums[chain[-1]] / (sizes[chain[-1]] * sizes), -np.inf)
        means[chain[-1]] = -np.inf
        nearest = int(means.argmax())
        if len(chain) > 1 and means[chain[-2]] >= means[nearest]:
            nearest = chain[-2]
        if means[nearest] < MIN_AGREEMENT:
            settled[chain.pop()] = True
        elif len(chain) > 1 and nearest == chain[-2]:
            keep, gone = sorted((chain.pop(), chain.pop()))
            sums[keep] += sums[gone]
            sums[:, keep] += sums[:, gone]
            sizes[keep] += sizes[gone]
            alive[gone] = False
            joined[joined == gone] = keep
        else:
            chain.append(nearest)


def rebuild_concepts(
    release: Release, report: Report, said: pd.DataFrame, found: dict[int, TaskAccuracies]
) -> tuple[dict[int, TaskConcepts], pd.DataFrame]:
    """Compare concepts.csv and concept_map.csv; return the concepts of each task, and the rows of the latter."""
    capped = [task for task in release.tasks if _is_capped(said, task)]
    tasks = [task for task in release.tasks if task not in capped]
    concepts = {task: TaskConcepts(release, task, said) for task in tasks}
    tables = {
        "concepts": (["task", "concept"], [r for each in concepts.values() for r in _concept_rows(each, found)]),
        "concept_map": (["task", "concept", "text", "x"], [r for each in concepts.values() for r in _places(each)]),
    }
    compared: dict[str, pd.DataFrame] = {}
    for name, (key, rows) in tables.items():
        theirs = release.csv(name)
        theirs = theirs[theirs.task.isin(tasks)]
        columns = [each for each in theirs.columns if each not in (*key, "class")]
        mine = pd.DataFrame(rows, columns=[*key, *columns])
        if name == "concept_map":  # rows have no number: they are compared in the table's order
            key, columns = ["task", "row"], ["concept", "text", "x", *columns]
            mine, theirs = (each.assign(row=each.groupby("task").cumcount()) for each in (mine, theirs))
        report.compare(name, key, mine, theirs, columns)
        compared[name] = mine
    numbers = [each.group_of().map(each.number_of) for each in concepts.values()]
    there = release.csv("phrases")
    number_of = dict(zip(said.phrase, said.index, strict=True))
    of_phrases = pd.concat(numbers) if numbers else pd.Series(dtype=float)
    shown = there[there.task.isin(tasks) & there.phrase.isin(said.phrase)]
    mine = shown[["phrase"]].assign(concept=shown.phrase.map(number_of).map(of_phrases))
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


def _concept_rows(of: TaskConcepts, found: dict[int, TaskAccuracies]) -> Iterator[dict[str, Any]]:
    base, control = found[of.task].base, found[of.task].control_worst_group
    for group, number in of.number_of.items():
        places = of.places(group)
        place = of.lead(places)
        assert place is not None, "every concept has one"
        lead, inside = of.said[place], of.slices[place]
        texts = sorted({of.said[place].text for place in places}, key=lambda text: (text.casefold(), text))
        yield {
            "task": of.task,
            "concept": number,
            "name": lead.text,
            "phrases": len(places),
            "people": len(of.people(places)),
            "experts": len({person for place in places for person in of.said[place].experts}),
            "error_score": lead.value,
            "of_errors": float(inside[of.wrong].mean()),
            "of_correct": float(inside[~of.wrong].mean()),
            "worst_group_accuracy": lead.accuracy,
            "own_gain": None if control is None else lead.accuracy - control,
            "gain": lead.accuracy - base["worst_group_accuracy"] if base else None,
            "texts": texts[:MAX_TEXTS],
        }


def _places(of: TaskConcepts) -> list[dict[str, Any]]:
    """Return the map of what most people said: the first two principal components of the embeddings."""
    order = sorted(range(len(of.said)), key=lambda i: (-len(of.said[i].people) - len(of.said[i].experts), i))
    shown = order[:MAX_ON_MAP]
    embeddings = stacked(of.kept.embedding.iloc[shown], 2, np.float64)
    places = np.zeros((len(shown), 2))
    if len(shown) > 1:
        kept = min(2, *embeddings.shape)
        places[:, :kept] = PCA(kept, svd_solver="full").fit_transform(embeddings)
        furthest = places[np.abs(places).argmax(axis=0), [0, 1]]
        places *= np.where(furthest < 0, -1.0, 1.0)
    rows = [
        {
            "task": of.task,
            "concept": of.numbers[i] or None,
            "text": of.said[i].text,
            "x": x,
            "y": y,
            "people": len(of.said[i].people),
            "experts": len(of.said[i].experts),
            "error_score": of.said[i].value,
        }
        for i, (x, y) in zip(shown, places.tolist(), strict=True)
    ]
    return sorted(rows, key=_order)


def _order(row: dict[str, Any]) -> tuple[Any, ...]:
    return not row["concept"], row["concept"] or 0, row["text"].casefold(), row["text"], row["x"]


def _compare_unnamed(release: Release, report: Report, concepts: dict[int, TaskConcepts]) -> None:
    """Compare how many wrong images no concept selects. Their clusters are of the images' embeddings: inputs."""
    theirs = release.csv("unnamed_errors")
    theirs = theirs[theirs.task.isin(concepts)]
    columns = ["n", "of_errors", "of_errors_low", "of_errors_high", "of_correct"]
    rows = []
    for each in theirs.itertuples():
        of = concepts[each.task]
        outside = np.ones(len(of.wrong), bool)
        for group in of.number_of:
            outside &= ~of.slices[of.lead(of.places(group)) or 0]
        n, n_wrong = int((outside & of.wrong).sum()), int(of.wrong.sum())
        of_correct = outside[~of.wrong].mean()
        if each.cluster:
            n, of_correct = len(json.loads(each.images)), None
        rows.append([each.task, each.cluster, n, n / n_wrong, *wilson(n, n_wrong), of_correct])
    mine = pd.DataFrame(rows, columns=["task", "cluster", *columns])
    report.compare("unnamed_errors", ["task", "cluster"], mine, theirs, columns)
