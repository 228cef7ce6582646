"""All tables of a study's analysis, from its rows: also conditions between people, and tasks within people."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from annotations.analysis.observations.packed_phrases import by_person
from annotations.analysis.observations.person_tasks import WITHOUT_RUN, Basis, PersonTask, Tried, person_tasks
from annotations.analysis.observations.study_rows import GroupRuns, StudyRows, TaskFacts, people_of
from annotations.analysis.observations.task_concepts import Concepts
from annotations.analysis.statistics.estimate_types import SEED
from annotations.analysis.statistics.estimates import estimate
from annotations.analysis.statistics.mean_differences import compare_groups, compare_pairs, holm
from annotations.analysis.tables.baseline_tables import methods
from annotations.analysis.tables.estimands import COMPARED
from annotations.analysis.tables.filled_tables import StudyTables, filled
from annotations.analysis.tables.flow_table import flow_lines
from annotations.analysis.tables.keyword_splits import KeywordSplit, own_gains
from annotations.analysis.tables.keyword_tables import keywords
from annotations.analysis.tables.measure_columns import Compared, GroupGain
from annotations.analysis.tables.phrase_splits import Looked
from annotations.analysis.tables.saturation_tables import over_people
from annotations.analysis.tables.table3 import table_3
from annotations.analysis.tables.totals import totals
from clarify_errors.arrays.retraining.control import own_gain


def group_gains(
    tasks: Iterable[TaskFacts], groups: Mapping[int, GroupRuns], people: Iterable[PersonTask]
) -> Iterator[GroupGain]:
    """Yield the rows of `GROUP_GAINS`; none of a task where the accuracies of somebody's run are not known by group.

    Groups without test images are left out. groups: the runs of everybody's best phrase, by the task's position.
    """
    basis = Counter((row.task, row.basis) for row in people)
    for task in tasks:
        of = groups.get(task.position)
        if of is None or len(of.gains) != basis[task.position, Basis.RUN]:
            continue
        base = np.array([share for _, share in task.groups], np.float64)
        worst = int(np.nanargmin(of.control if task.is_imported else base))
        unchanged = [0.0] * sum(basis[task.position, each] for each in WITHOUT_RUN)
        after = Counter(int(np.nanargmin(of.control + gains)) for gains in of.gains)
        for group in np.flatnonzero(~np.isnan(of.control)).tolist():
            gain = estimate([*(float(gains[group]) for gains in of.gains), *unchanged])
            (name, share), control = task.groups[group], float(of.control[group])
            yield GroupGain(task.position, task.class_name, name, group == worst, share, control, gain, after[group])


MAX_TASKS = 20  # of which each two are compared


def compare_conditions(
    rows: Sequence[PersonTask], names: Sequence[str], primary: Collection[str] = (), seed: int = SEED
) -> tuple[Compared, ...]:
    """Compare each two conditions, by measure, in the order of `names`; rows without a condition are passed over.

    primary: the measures that the study declared.
    """
    people = list(dict.fromkeys(row.participant for row in rows if row.condition is not None))
    tasks = sorted({row.task for row in rows})
    condition = {row.participant: row.condition for row in rows}
    compared: list[Compared] = []
    place = {person: i for i, person in enumerate(people)}
    for each in COMPARED:
        values = np.full((len(people), len(tasks)), np.nan)
        for row in rows:
            value = each.of(row)
            if row.participant in place and value is not None:
                values[place[row.participant], tasks.index(row.task)] = value
        for first, second in combinations(names, 2):
            pair = np.array([condition[person] in (first, second) for person in people], np.bool_)
            in_second = np.array([condition[person] == second for person in people], np.bool_)[pair]
            result = compare_groups(values[pair], in_second, np.random.default_rng(seed))
            compared.append(Compared(each.measure, each.over, first, second, result, each.is_primary(primary)))
    return _adjusted(compared)


def compare_tasks(
    rows: Sequence[PersonTask], titles: dict[int, str], primary: Collection[str] = (), seed: int = SEED
) -> tuple[Compared, ...]:
    """Compare each two tasks over the people who have a value on both, by measure. titles: of the tasks by number.

    None of more than MAX_TASKS: experts may have a thousand classes, and half a million comparisons say nothing.
    """
    compared: list[Compared] = []
    if len(titles) > MAX_TASKS:
        return ()
    for each in COMPARED:
        by_task: dict[int, dict[str, float]] = defaultdict(dict)
        for row in rows:
            value = each.of(row)
            if value is not None:
                by_task[row.task][row.participant] = value
        for first, second in combinations(sorted(titles), 2):
            both = sorted(by_task[first].keys() & by_task[second].keys())
            differences = [by_task[second][person] - by_task[first][person] for person in both]
            result = compare_pairs(differences, np.random.default_rng(seed))
            pair = titles[first], titles[second]
            compared.append(Compared(each.measure, each.over, *pair, result, each.is_primary(primary)))
    return _adjusted(compared)


def _adjusted(compared: Sequence[Compared]) -> tuple[Compared, ...]:
    adjusted = holm([each.result.p_value if each.is_primary else None for each in compared])
    return tuple(replace(each, adjusted_p=p) for each, p in zip(compared, adjusted, strict=True))


PANEL_PHRASES = 3  # of each task that have panels
MANY_TASKS = 100  # with more, the best alone


def tables_of(
    rows: StudyRows, concept: Concepts, look: Callable[[int, int, int], Looked], seed: int = SEED
) -> StudyTables:
    """Make the tables of a study's rows.

    concept: which phrases say the same; look: what is seen of a task's phrase, with as many draws of images before it;
    seed: of what is resampled.
    """
    tried = by_person(rows.tried)
    controls = {task.position: task.control_worst_group for task in rows.tasks}
    people = people_of(rows, tried)
    expert_keys = [(each.task, each.participant) for each in rows.experts]
    of_experts = by_person(rows.experts)
    experts = person_tasks(expert_keys, of_experts, {}, {}, controls, frozenset(), rows.vocabularies, rows.draws)
    vocabularies = {task.position: rows.vocabularies.get(task.position) for task in rows.tasks}
    saturation, novelty = over_people(vocabularies, people, tried, concept, rows.new_concept_chance, seed)
    bases = {task.position: task.base_worst_group for task in rows.tasks}
    best = best_phrases(rows.tried, concept)
    examples = _examples(concept, best, PANEL_PHRASES if len(rows.tasks) <= MANY_TASKS else 1)
    looked = {
        (task, each.key): look(task, each.phrase, place)
        for task, phrase in best.items()
        for place, each in enumerate([phrase, *(one for one in examples[task] if one.key != phrase.key)])
    }
    best_of_people = {
        (each.task, each.participant): each.score for each in rows.tried.at(rows.tried.best_places("error_score"))
    }
    draws = {key: rows.draws[score] for key, score in best_of_people.items() if score in rows.draws}
    titles = {task.position: task.title for task in rows.tasks}
    first = [looked[task, each.key] for task, each in best.items()]
    splits = tuple(row for each in first for row in each.beside.splits)
    panels = [panel for task, said in examples.items() for each in said for panel in looked[task, each.key].panels]
    return filled(
        StudyTables,
        slug=rows.slug,
        title=rows.title,
        tasks=rows.tasks,
        conditions_of_study=rows.conditions,
        flow=flow_lines(rows.courses, people, titles),
        people=people,
        totals=totals(bases, people, rows.primary_measures, seed, draws, _known_gains(controls, experts, splits)),
        experts=experts,
        methods=tuple(methods(rows.tasks, experts)),
        keywords=tuple(keywords(rows.tasks)),
        among_keywords=tuple(row for each in looked.values() for row in each.among),
        keyword_splits=splits,
        less_machine=(
            *own_gains(splits, people, best_of_people, rows.keyword_gains),
            *(row for each in first for row in each.beside.less_machine),
        ),
        table_3=table_3(rows.tried),
        splits=tuple(part for each in first for part in each.parts),
        panels=tuple(panels),
        saturation=saturation,
        novelty=novelty,
        conditions=compare_conditions(people, rows.conditions, rows.primary_measures, seed),
        paired=compare_tasks(people, titles, rows.primary_measures, seed),
        counted=rows.counted,
        missing=tuple(dict.fromkeys(each.missing for each in looked.values() if each.missing)),
        group_gains=tuple(group_gains(rows.tasks, rows.groups, people)),
    )


def _known_gains(
    controls: Mapping[int, float | None], experts: Iterable[PersonTask], splits: Iterable[KeywordSplit]
) -> dict[int, float]:
    """What the best of experts' words and of a machine's keywords gains on each task, where that is above 0."""
    reached = [(row.task, row.worst_group) for row in splits if row.list]
    reached += [(row.task, row.run_worst_group) for row in experts]
    found: dict[int, float] = {}
    for task, worst_group in reached:
        control = controls.get(task)
        if worst_group is not None and control is not None and worst_group > control:
            found[task] = max(found.get(task, 0.0), own_gain(worst_group, control))
    return found


def best_phrases(tried: Iterable[Tried], concept: Concepts) -> dict[int, Tried]:
    """Return the phrase with the highest error score of each task, of those that do not select nearly all images.

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
