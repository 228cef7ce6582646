"""All tables of a study's analysis, from one reading of the database."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from annotations.analysis import definitions as columns
from annotations.analysis.concepts import concepts_of
from annotations.analysis.conditions import MEASURES, Compared, compare_conditions, compare_tasks
from annotations.analysis.counts import Counted
from annotations.analysis.definitions import Keyword, Method, SaturationPoint, TaskNovelty, Total
from annotations.analysis.estimates import SEED, estimate, spread
from annotations.analysis.measures import SUMMARY
from annotations.analysis.packed import Packed, by_person
from annotations.analysis.people import Key, PersonTask, Tried, person_tasks
from annotations.analysis.rows import StudyRows, TaskFacts, read_rows
from annotations.analysis.saturation import best_of, novelty, rarefaction
from annotations.analysis.splits import Looked, Panel, SplitPart, look
from annotations.analysis.table3 import Listed, table_3
from annotations.models import Study
from annotations.tables.columns import Table

Row = TypeVar("Row")
Concept = Callable[[Tried], Hashable]  # equal for phrases of a task that say the same
PANEL_PHRASES = 3  # of each task that have panels
MANY_TASKS = 100  # with more, the best alone


@dataclass(frozen=True)
class FilledTable(Generic[Row]):
    """A table's definition and its rows."""

    table: Table[Row]
    rows: Sequence[Row]

    def lines(self) -> Iterator[list[str]]:
        """Yield the header, then the cells of each row, as they stand in the CSV file."""
        return self.table.lines(self.rows)


@dataclass(frozen=True)
class StudyTables:
    """Everything that the page shows and a release holds. missing: why images cannot be read, where they cannot."""

    slug: str
    title: str
    tasks: tuple[TaskFacts, ...]
    conditions_of_study: tuple[str, ...]
    people: FilledTable[PersonTask]
    totals: FilledTable[Total]
    experts: FilledTable[PersonTask]
    methods: FilledTable[Method]
    keywords: FilledTable[Keyword]
    table_3: FilledTable[Listed]
    splits: FilledTable[SplitPart]
    panels: FilledTable[Panel]
    saturation: FilledTable[SaturationPoint]
    novelty: FilledTable[TaskNovelty]
    conditions: FilledTable[Compared]
    paired: FilledTable[Compared]
    counted: FilledTable[Counted]
    missing: tuple[str, ...]

    @property
    def all(self) -> tuple[FilledTable[Any], ...]:
        """Every table, in the order of a release."""
        return (
            self.people,
            self.totals,
            self.experts,
            self.methods,
            self.keywords,
            self.table_3,
            self.splits,
            self.panels,
            self.saturation,
            self.novelty,
            self.conditions,
            self.paired,
            self.counted,
        )


def study_tables(study: Study) -> StudyTables:
    """Analyse a study as it is now."""
    rows = read_rows(study)
    return tables_of(study.slug, study.title, rows, concepts_of(rows), look)


def tables_of(
    slug: str, title: str, rows: StudyRows, concept: Concept, look: Callable[[int, int], Looked]
) -> StudyTables:
    """Make the tables of a study's rows. concept: which phrases say the same; look: what is seen of a task's phrase."""
    tried = by_person(rows.tried)
    people = person_tasks(rows.assigned, tried, rows.condition_of, rows.times)
    expert_keys = [(each.task, each.participant) for each in rows.experts]
    experts = person_tasks(expert_keys, by_person(rows.experts), {}, {})
    saturation, new = _over_people(rows, people, _named(tried, concept))
    best = _best_phrases(rows.tried, PANEL_PHRASES if len(rows.tasks) <= MANY_TASKS else 1)
    looked = {each.phrase: look(task, each.phrase) for task, phrases in best.items() for each in phrases}
    titles = {task.position: task.title for task in rows.tasks}
    first = [looked[phrases[0].phrase] for phrases in best.values() if phrases]
    return StudyTables(
        slug=slug,
        title=title,
        tasks=rows.tasks,
        conditions_of_study=rows.conditions,
        people=FilledTable(SUMMARY, people),
        totals=FilledTable(columns.TOTALS, tuple(_totals(rows.tasks, people))),
        experts=FilledTable(columns.EXPERTS, experts),
        methods=FilledTable(columns.METHODS, tuple(_methods(rows.tasks, experts))),
        keywords=FilledTable(columns.KEYWORDS, tuple(_keywords(rows.tasks))),
        table_3=FilledTable(columns.TABLE_3, table_3(rows.tried)),
        splits=FilledTable(columns.SPLITS, tuple(part for each in first for part in each.parts)),
        panels=FilledTable(columns.PANELS, tuple(panel for each in looked.values() for panel in each.panels)),
        saturation=FilledTable(columns.SATURATION, saturation),
        novelty=FilledTable(columns.NOVELTY, new),
        conditions=FilledTable(columns.CONDITIONS, compare_conditions(people, rows.conditions)),
        paired=FilledTable(columns.PAIRED, compare_tasks(people, titles)),
        counted=FilledTable(columns.COUNTED, rows.counted),
        missing=tuple(dict.fromkeys(each.missing for each in looked.values() if each.missing)),
    )


def _totals(tasks: Iterable[TaskFacts], people: tuple[PersonTask, ...]) -> Iterator[Total]:
    measures = {
        **MEASURES,
        "worst_group_accuracy_chosen_on_test": lambda row: row.worst_group_accuracy_chosen_on_test,
        "wall_time": lambda row: row.times.wall,
    }
    for task in tasks:
        of_task = [row for row in people if row.task == task.position]
        references = {
            "best_error_score": spread(row.null_mean for row in of_task).mean,
            "worst_group_accuracy": task.base_worst_group,
            "worst_group_accuracy_chosen_on_test": task.base_worst_group,
        }
        for name, measure in measures.items():
            yield Total(task.position, name, estimate(map(measure, of_task)), references.get(name))


def _methods(tasks: Iterable[TaskFacts], experts: tuple[PersonTask, ...]) -> Iterator[Method]:
    for task in tasks:
        yield Method(
            task.position, "base_model", f"Base model shown ({task.base_model})", "Labels", 1, "one classifier",
            task.base_worst_group, None, task.base_average, "",
        )  # fmt: skip
        for row in task.benchmark:
            yield Method(
                task.position, row["method"], row["name"], row["given"], row["n"], row["over"],
                row["worst_group"], row["worst_group_sd"], row["average"], row["left_out"],
            )  # fmt: skip
        of_task = spread(row.worst_group_accuracy for row in experts if row.task == task.position)
        if of_task.n:
            yield Method(
                task.position, "experts", "Phrases of experts", "Labels, Text Feedback", of_task.n, "experts",
                of_task.mean, of_task.sd, None, "",
            )  # fmt: skip


def _keywords(tasks: Iterable[TaskFacts]) -> Iterator[Keyword]:
    for task in tasks:
        for ranked in task.keywords:
            for rank, row in enumerate(ranked.best, 1):
                yield Keyword(task.position, ranked, rank, row)


def _best_phrases(tried: Iterable[Tried], n: int) -> dict[int, list[Tried]]:
    """The n phrases with the highest error scores of each task, each text once, the earliest of tied ones first."""
    best: dict[int, list[Tried]] = defaultdict(list)
    for each in tried:
        known = best[each.task]
        if not each.error_score or (len(known) == n and each.error_score <= (known[-1].error_score or 0)):
            continue
        known.append(each)
        known.sort(key=lambda one: -(one.error_score or 0))
        texts = [one.text.casefold() for one in known]
        best[each.task] = [one for i, one in enumerate(known) if texts[i] not in texts[:i]][:n]
    return dict(sorted(best.items()))


def _named(tried: Mapping[Key, Packed], concept: Concept) -> dict[int, list[frozenset[Hashable]]]:
    """By task, the concepts of each person who said something, in the order of pseudonyms.

    Their hashes stand for them, in a third of the memory: of a million, two are alike in one study of ten million.
    """
    named: dict[int, list[frozenset[Hashable]]] = defaultdict(list)
    for (task, _), phrases in sorted(tried.items()):
        named[task].append(frozenset(hash(concept(each)) for each in phrases))
    return named


def _over_people(
    rows: StudyRows, people: tuple[PersonTask, ...], named: Mapping[int, list[frozenset[Hashable]]]
) -> tuple[tuple[SaturationPoint, ...], tuple[TaskNovelty, ...]]:
    return tuple(_saturation(rows.tasks, people, named)), tuple(_novelty(rows, named))


def _saturation(
    tasks: Iterable[TaskFacts], people: tuple[PersonTask, ...], named: Mapping[int, list[frozenset[Hashable]]]
) -> Iterator[SaturationPoint]:
    for task in tasks:
        scores = [row.best_error_score for row in people if row.task == task.position]
        curves = {
            "best_score": best_of([score for score in scores if score is not None]),
            "concepts": rarefaction(named.get(task.position, []), np.random.default_rng(SEED)),
        }
        for measure, curve in curves.items():
            for point in zip(curve.people, curve.mean, curve.low, curve.high, strict=True):
                yield SaturationPoint(task.position, measure, *point)


def _novelty(rows: StudyRows, named: Mapping[int, list[frozenset[Hashable]]]) -> Iterator[TaskNovelty]:
    for task in rows.tasks:
        yield TaskNovelty(task.position, novelty(named.get(task.position, [])), rows.new_concept_chance)
