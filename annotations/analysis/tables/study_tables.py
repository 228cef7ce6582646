"""All tables of a study's analysis, from one reading of the database."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.observations.concept_matching import concepts_of
from annotations.analysis.observations.group_runs import GroupGains
from annotations.analysis.observations.packed_phrases import by_person
from annotations.analysis.observations.person_tasks import WITHOUT_RUN, Basis, PersonTask, Tried, person_tasks
from annotations.analysis.observations.study_rows import StudyRows, TaskFacts, people_of, read_rows
from annotations.analysis.statistics.estimate_types import spread
from annotations.analysis.statistics.estimates import estimate, p_value_of_mean
from annotations.analysis.statistics.mean_differences import holm
from annotations.analysis.tables import study_columns as columns
from annotations.analysis.tables.baseline_tables import METHODS, methods
from annotations.analysis.tables.comparison_columns import CONDITIONS, PAIRED
from annotations.analysis.tables.comparisons import compare_conditions, compare_tasks
from annotations.analysis.tables.estimands import ESTIMANDS
from annotations.analysis.tables.filled_tables import FilledTable, StudyTables
from annotations.analysis.tables.flow_table import FLOW, flow_lines
from annotations.analysis.tables.keyword_splits import KEYWORD_SPLITS, LESS_MACHINE
from annotations.analysis.tables.keyword_tables import AMONG_KEYWORDS, KEYWORDS, keywords
from annotations.analysis.tables.measures import SUMMARY
from annotations.analysis.tables.phrase_splits import Looked, look
from annotations.analysis.tables.saturation_columns import NOVELTY, SATURATION
from annotations.analysis.tables.saturation_tables import Concept, over_people
from annotations.analysis.tables.study_columns import Total
from annotations.analysis.tables.table3 import table_3
from annotations.models import Study

PANEL_PHRASES = 3  # of each task that have panels
MANY_TASKS = 100  # with more, the best alone


def study_tables(study: Study) -> StudyTables:
    """Analyse a study as it is now."""
    rows = read_rows(study)
    return tables_of(study.slug, study.title, rows, concepts_of(rows), look)


def tables_of(
    slug: str, title: str, rows: StudyRows, concept: Concept, look: Callable[[int, int, int], Looked]
) -> StudyTables:
    """Make the tables of a study's rows.

    concept: which phrases say the same; look: what is seen of a task's phrase, with as many draws of images before it.
    """
    tried = by_person(rows.tried)
    controls = {task.position: task.control_worst_group for task in rows.tasks}
    people = people_of(rows, tried)
    expert_keys = [(each.task, each.participant) for each in rows.experts]
    of_experts = by_person(rows.experts)
    experts = person_tasks(expert_keys, of_experts, {}, {}, controls, frozenset(), rows.vocabularies, rows.draws)
    saturation, novelty = over_people(rows, people, tried, concept)
    best = _best_phrases(rows.tried, PANEL_PHRASES if len(rows.tasks) <= MANY_TASKS else 1, concept)
    looked = {
        each.phrase: look(task, each.phrase, place)
        for task, phrases in best.items()
        for place, each in enumerate(phrases)
    }
    titles = {task.position: task.title for task in rows.tasks}
    first = [looked[phrases[0].phrase] for phrases in best.values() if phrases]
    return StudyTables(
        slug=slug,
        title=title,
        tasks=rows.tasks,
        conditions_of_study=rows.conditions,
        flow=FilledTable(FLOW, flow_lines(rows.courses, people, titles)),
        people=FilledTable(SUMMARY, people),
        totals=FilledTable(columns.TOTALS, _totals(rows.tasks, people, rows.primary_measures)),
        experts=FilledTable(columns.EXPERTS, experts),
        methods=FilledTable(METHODS, tuple(methods(rows.tasks, experts))),
        keywords=FilledTable(KEYWORDS, tuple(keywords(rows.tasks))),
        among_keywords=FilledTable(AMONG_KEYWORDS, tuple(row for each in looked.values() for row in each.among)),
        keyword_splits=FilledTable(KEYWORD_SPLITS, tuple(row for each in first for row in each.beside.splits)),
        less_machine=FilledTable(LESS_MACHINE, tuple(row for each in first for row in each.beside.less_machine)),
        table_3=FilledTable(columns.TABLE_3, table_3(rows.tried)),
        splits=FilledTable(columns.SPLITS, tuple(part for each in first for part in each.parts)),
        panels=FilledTable(columns.PANELS, tuple(panel for each in looked.values() for panel in each.panels)),
        saturation=FilledTable(SATURATION, saturation),
        novelty=FilledTable(NOVELTY, novelty),
        conditions=FilledTable(CONDITIONS, compare_conditions(people, rows.conditions, rows.primary_measures)),
        paired=FilledTable(PAIRED, compare_tasks(people, titles, rows.primary_measures)),
        counted=rows.counted,
        missing=tuple(dict.fromkeys(each.missing for each in looked.values() if each.missing)),
        group_gains=tuple(_group_gains(rows, people)),
    )


def _group_gains(rows: StudyRows, people: Iterable[PersonTask]) -> Iterator[GroupGains]:
    """By intention to treat; nothing of a task where the accuracies of somebody's run are not known by group."""
    basis = Counter((row.task, row.basis) for row in people)
    for task in rows.tasks:
        of = rows.groups.get(task.position)
        if of is None or len(of.of_worst) != basis[task.position, Basis.RUN]:
            continue
        gain = estimate([*of.of_worst, *[0.0] * sum(basis[task.position, each] for each in WITHOUT_RUN)])
        (name, base), others = task.groups[of.worst], np.delete(of.gains, of.worst) / gain.n
        names = [each for place, (each, _) in enumerate(task.groups) if place != of.worst]
        most = None if np.isnan(others).all() else int(np.nanargmin(others))
        least = () if most is None else (names[most], float(-others[most]))
        yield GroupGains(task.position, name, base, float(of.control[of.worst]), gain, *least)


def _totals(tasks: Iterable[TaskFacts], people: tuple[PersonTask, ...], primary: Collection[str]) -> tuple[Total, ...]:
    totals = [total for task in tasks for total in _of_task(task, people, primary)]
    adjusted = holm([total.p_value if total.is_primary else None for total in totals])
    return tuple(replace(total, adjusted_p=p) for total, p in zip(totals, adjusted, strict=True))


def _of_task(task: TaskFacts, people: tuple[PersonTask, ...], primary: Collection[str]) -> Iterator[Total]:
    of_task = [row for row in people if row.task == task.position]
    references = {
        "best_error_score": spread(row.null_mean for row in of_task).mean,
        "worst_group_accuracy": task.base_worst_group,
        "worst_group_accuracy_chosen_on_test": task.base_worst_group,
    }
    for each in ESTIMANDS:
        values = each.values(of_task)
        yield Total(
            task.position,
            each.measure,
            each.over,
            estimate(values.present.tolist()),
            Counter(filter(None, values.missing)),
            references.get(each.measure),
            each.is_primary(primary),
            p_value_of_mean(_less_null(each.measure, values.values, of_task)),
        )


def _less_null(measure: str, values: NDArray[np.float64], people: Sequence[PersonTask]) -> NDArray[np.float64]:
    """What is 0 on average where people's words did nothing; empty for measures of which that cannot be said."""
    if measure == "best_error_score":
        values = values - np.array([np.nan if row.null_mean is None else row.null_mean for row in people])
    elif measure != "own_gain":
        return np.empty(0)
    return values[~np.isnan(values)]


def _best_phrases(tried: Iterable[Tried], n: int, concept: Concept) -> dict[int, list[Tried]]:
    """The n phrases with the highest error scores of each task, one a concept, the earliest of tied ones first."""
    best: dict[int, list[Tried]] = defaultdict(list)
    for each in tried:
        known = best[each.task]
        if not each.error_score or (len(known) == n and each.error_score <= (known[-1].error_score or 0)):
            continue
        known.append(each)
        known.sort(key=lambda one: -(one.error_score or 0))
        concepts = [concept(one) for one in known]
        first = (one for i, one in enumerate(known) if concepts[i] is not None and concepts[i] not in concepts[:i])
        best[each.task] = list(first)[:n]
    return dict(sorted(best.items()))
