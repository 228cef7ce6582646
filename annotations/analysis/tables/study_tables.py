"""All tables of a study's analysis, from one reading of the database."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from annotations.analysis.observations.concept_matching import Concepts, concepts_of
from annotations.analysis.observations.group_runs import GroupGains
from annotations.analysis.observations.packed_phrases import by_person
from annotations.analysis.observations.person_tasks import WITHOUT_RUN, Basis, PersonTask, Tried, person_tasks
from annotations.analysis.observations.study_rows import StudyRows, people_of, read_rows
from annotations.analysis.statistics.estimates import estimate
from annotations.analysis.tables import study_columns as columns
from annotations.analysis.tables.baseline_tables import METHODS, methods
from annotations.analysis.tables.comparison_columns import CONDITIONS, PAIRED, TOTALS
from annotations.analysis.tables.comparisons import compare_conditions, compare_tasks
from annotations.analysis.tables.filled_tables import FilledTable, StudyTables
from annotations.analysis.tables.flow_table import FLOW, flow_lines
from annotations.analysis.tables.keyword_splits import KEYWORD_SPLITS, LESS_MACHINE
from annotations.analysis.tables.keyword_tables import AMONG_KEYWORDS, KEYWORDS, keywords
from annotations.analysis.tables.phrase_splits import Looked, look
from annotations.analysis.tables.saturation_columns import NOVELTY, SATURATION
from annotations.analysis.tables.saturation_tables import over_people
from annotations.analysis.tables.table3 import table_3
from annotations.analysis.tables.totals import totals
from annotations.models import Study

PANEL_PHRASES = 3  # of each task that have panels
MANY_TASKS = 100  # with more, the best alone


def study_tables(study: Study) -> StudyTables:
    """Analyse a study as it is now."""
    rows = read_rows(study)
    return tables_of(study.slug, study.title, rows, concepts_of(rows), look)


def tables_of(
    slug: str, title: str, rows: StudyRows, concept: Concepts, look: Callable[[int, int, int], Looked]
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
    vocabularies = {task.position: rows.vocabularies.get(task.position) for task in rows.tasks}
    saturation, novelty = over_people(vocabularies, people, tried, concept, rows.new_concept_chance)
    bases = {task.position: task.base_worst_group for task in rows.tasks}
    best = _best_phrases(rows.tried, concept)
    examples = _examples(concept, best, PANEL_PHRASES if len(rows.tasks) <= MANY_TASKS else 1)
    looked = {
        (task, each.key): look(task, each.phrase, place)
        for task, phrase in best.items()
        for place, each in enumerate([phrase, *(one for one in examples[task] if one.key != phrase.key)])
    }
    titles = {task.position: task.title for task in rows.tasks}
    first = [looked[task, each.key] for task, each in best.items()]
    panels = [panel for task, said in examples.items() for each in said for panel in looked[task, each.key].panels]
    return StudyTables(
        slug=slug,
        title=title,
        tasks=rows.tasks,
        conditions_of_study=rows.conditions,
        flow=FilledTable(FLOW, flow_lines(rows.courses, people, titles)),
        people=FilledTable(columns.SUMMARY, people),
        totals=FilledTable(TOTALS, totals(bases, people, rows.primary_measures)),
        experts=FilledTable(columns.EXPERTS, experts),
        methods=FilledTable(METHODS, tuple(methods(rows.tasks, experts))),
        keywords=FilledTable(KEYWORDS, tuple(keywords(rows.tasks))),
        among_keywords=FilledTable(AMONG_KEYWORDS, tuple(row for each in looked.values() for row in each.among)),
        keyword_splits=FilledTable(KEYWORD_SPLITS, tuple(row for each in first for row in each.beside.splits)),
        less_machine=FilledTable(LESS_MACHINE, tuple(row for each in first for row in each.beside.less_machine)),
        table_3=FilledTable(columns.TABLE_3, table_3(rows.tried)),
        splits=FilledTable(columns.SPLITS, tuple(part for each in first for part in each.parts)),
        panels=FilledTable(columns.PANELS, tuple(panels)),
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


def _best_phrases(tried: Iterable[Tried], concept: Concepts) -> dict[int, Tried]:
    """The phrase with the highest error score of each task, of those that do not select nearly all images.

    The earliest of tied ones.
    """
    best: dict[int, Tried] = {}
    for each in tried:
        known = best.get(each.task)
        is_higher = (each.error_score or 0) > ((known.error_score or 0) if known else 0)
        if is_higher and concept(each) is not None:
            best[each.task] = each
    return dict(sorted(best.items()))


def _examples(concept: Concepts, tasks: Iterable[int], n: int) -> dict[int, list[Tried]]:
    """What names each of the n concepts of each task that most of its people named, those of most people first."""

    def of_task(task: int) -> list[Tried]:
        leads = (each.lead for each in concept.by_task[task].concepts if each.people)
        return [lead.first for lead in leads if lead and lead.value > 0][:n]

    return {task: of_task(task) for task in tasks}
