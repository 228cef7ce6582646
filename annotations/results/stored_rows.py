"""What a study's analysis stands on, read from the database as it is now."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from importlib.resources import files

import numpy as np
from django.db import connection
from django.db.models import QuerySet

from annotations.analysis.observations.packed_phrases import Packed, by_person
from annotations.analysis.observations.person_tasks import (
    Basis,
    Key,
    PersonTask,
    RandomDraws,
    Times,
    Tried,
    annotation_key,
)
from annotations.analysis.observations.study_rows import GroupRuns, RankedList, StudyRows, TaskFacts, people_of
from annotations.analysis.statistics.estimate_types import Interval
from annotations.models import (
    AnnotationSession,
    Assignment,
    Audience,
    BaseModel,
    BaseModelOrigin,
    Benchmark,
    Control,
    JobState,
    KeywordRanking,
    Moderation,
    Phrase,
    RandomSlices,
    RandomSliceScores,
    RunState,
    Score,
    SessionKind,
    Study,
    StudyState,
    Task,
)
from annotations.models.moderated_words import HIDDEN
from annotations.monitoring.person_courses import courses, people_kind
from annotations.phrases.vocabulary_levels import WHOLE, LevelKey, levels_by_key, levels_of
from annotations.results.exclusion_counts import counts
from annotations.runs.trained_rows import has_many_classes
from clarify_errors.arrays.phrases.phrase_languages import ENGLISH

_AT_ONCE = 2_000


def draws_of(scores: Sequence[int]) -> dict[int, RandomDraws]:
    """Return the draws beside the run of each score, by its id; none where they are not there."""
    runs = {
        score: (draws, control, base_model)
        for start in range(0, len(scores), _AT_ONCE)
        for score, draws, control, base_model in _runs(scores[start : start + _AT_ONCE])
    }
    known = _read(set(runs.values()))
    return {score: draws for score, key in runs.items() if (draws := known.get(key)) is not None}


def _runs(scores: Sequence[int]) -> list[tuple[int, int, int, int]]:
    judged = Score.objects.filter(
        pk__in=scores, run__state=RunState.DONE, run__random_slices__isnull=False, run__control__isnull=False
    )
    return list(judged.order_by().values_list("pk", "run__random_slices", "run__control", "run__base_model"))


def _read(keys: set[tuple[int, int, int]]) -> dict[tuple[int, int, int], RandomDraws]:
    sets = RandomSlices.objects.in_bulk({key[0] for key in keys})
    controls = Control.objects.in_bulk({key[1] for key in keys})
    base_models = BaseModel.objects.in_bulk({key[2] for key in keys})
    scored = RandomSliceScores.objects.filter(random_slices__in=sets).values_list(
        "random_slices", "base_model", "values"
    )
    scores = {(draws, base_model): values for draws, base_model, values in scored}
    read = {}
    for draws, control, base_model in keys:
        of_draws = scores.get((draws, base_model))
        telling = sets[draws].telling_draws(controls[control], base_models[base_model])
        if of_draws is not None:
            reached = tuple(sets[draws].worst_groups)
            read[draws, control, base_model] = RandomDraws(tuple(of_draws), reached, telling is not None)
    return read


def group_runs(scores: Sequence[int], tasks: Collection[int]) -> dict[int, GroupRuns]:
    """Return the runs of the scores by the position of their task, of some tasks."""
    read: dict[int, GroupRuns] = {}
    for start in range(0, len(scores), _AT_ONCE):
        for task, reached, control in _rows(scores[start : start + _AT_ONCE], tasks):
            of_task = read.setdefault(task, GroupRuns(np.array(control, np.float64)))
            of_task.gains.append(np.array(reached, np.float64) - of_task.control)
    return read


def _rows(scores: Sequence[int], tasks: Collection[int]) -> list[tuple[int, list[float | None], list[float | None]]]:
    task = "phrase__assignment__task__position"
    trained = Score.objects.filter(
        pk__in=scores,
        phrase__assignment__task__position__in=list(tasks),
        run__state=RunState.DONE,
        run__group_accuracies__isnull=False,
        run__control__isnull=False,
    )
    return list(trained.order_by("pk").values_list(task, "run__group_accuracies", "run__control__group_accuracies"))


_QUERY = files(__package__).joinpath("task_times.sql").read_text("utf-8")


def task_times(study: Study, kind: SessionKind) -> dict[Key, Times]:
    """Return the times of everybody who began a task, summed over visits; withdrawn and erased ones are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_QUERY, {"study": study.pk, "kind": kind})
        return {
            (task, participant): Times(
                active=float(active) if was_seen else None,
                waiting=float(waiting) if was_seen else None,
                wall=None if wall is None else float(wall),
                end=end,
            )
            for task, participant, was_seen, active, waiting, wall, end in cursor.fetchall()
        }


def control_worst_groups(tasks: Sequence[Task]) -> dict[int, float | None]:
    """Return the worst-group accuracy of each task's control by the task's position, None until it is trained.

    All runs of a task have its class, its base model's λ and its study's scheme, so they share one control.
    """
    datasets = {task.base_model.dataset_id for task in tasks}
    controls = Control.objects.filter(dataset__in=datasets)
    columns = "dataset_id", "target_classes", "scheme", "l2", "base_model_id", "worst_group_accuracy"
    rows = controls.values_list(*columns)
    known: dict[tuple[object, ...], float] = {
        (dataset, tuple(classes), *how): accuracy for dataset, classes, *how, accuracy in rows
    }
    return {task.position: known.get(_key(task)) for task in tasks}


def _key(task: Task) -> tuple[object, ...]:
    shown = task.base_model
    starts_from = shown.pk if has_many_classes(shown) else None
    return shown.dataset_id, (task.target_class,), task.study.scheme, shown.l2, starts_from


_KEY = ("task__position", "session__participant__pseudonym")
# "failed" is a phrase's word too.
_WITHOUT_RUN: dict[str, Basis] = {RunState.REFUSED: Basis.REFUSED, RunState.FAILED: Basis.FAILED}


def read_rows(study: Study) -> StudyRows:
    """Read a study, without what its runs gain over keywords. Its people are its participants, or its experts."""
    kind = people_kind(study)
    (condition_of, several), tasks = _conditions(study, kind), list(study.tasks.with_base_models().order_by("position"))
    facts, levels = _task_facts(tasks), levels_of(tasks, with_scores=True)
    tried = Packed(_tried(Phrase.objects.filter(assignment__session__in=study.sessions.in_results(kind))))
    experts = Packed(phrase for task, said in _of_experts(study, tasks) for phrase in _tried(said, position=task))
    best = tried.best_scores()
    assigned = Assignment.objects.filter(session__in=study.sessions.in_results(kind))
    return StudyRows(
        slug=study.slug,
        title=study.title,
        tasks=facts,
        tried=tried,
        experts=experts,
        vocabularies={task.position: levels[task.pk] for task in tasks if task.pk in levels},
        conditions=tuple(study.conditions.values_list("name", flat=True)),
        condition_of=condition_of,
        assigned=tuple(assigned.values_list(*_KEY)),
        at_work=frozenset(assigned.at_work().values_list(*_KEY)),
        courses=courses(study, kind),
        times=task_times(study, kind),
        counted=tuple(each for each in counts(study, kind, several) if each.n),
        new_concept_chance=study.new_concept_chance,
        primary_measures=primary_measures(study),
        draws=draws_of([*best, *experts.best_scores()]),
        groups=group_runs(best, [task.position for task in facts if task.groups]),
    )


def read_people(study: Study) -> tuple[PersonTask, ...]:
    """Return what each person reached on each task, from phrases and runs as they are now."""
    rows = read_rows(study)
    return people_of(rows, by_person(rows.tried))


def primary_measures(study: Study) -> tuple[str, ...]:
    """Return what the study declared, as it was frozen; nothing where it opened before studies declared anything."""
    frozen = study.configurations.order_by("version").last()
    if frozen is None or study.state == StudyState.DRAFT:
        return tuple(study.primary_measures)
    return tuple(frozen.data["study"].get("primary_measures", ()))


def _task_facts(tasks: Sequence[Task]) -> tuple[TaskFacts, ...]:
    ids = {task.base_model_id for task in tasks}
    rows = Benchmark.objects.filter(base_model__in=ids, state=JobState.DONE).order_by("id")  # the newest is kept
    done = {each.base_model_id: each for each in rows}
    ranked, controls = _ranked_lists(ids), control_worst_groups(tasks)
    return tuple(
        _task_fact(
            task,
            controls[task.position],
            done.get(task.base_model_id),
            ranked[task.base_model_id, task.target_class],
        )
        for task in tasks
    )


def _ranked_lists(base_models: Collection[int]) -> defaultdict[tuple[int, int | None], list[RankedList]]:
    """By base model and class, the lists of keywords that were ranked on it."""
    ranked: defaultdict[tuple[int, int | None], list[RankedList]] = defaultdict(list)
    levels = levels_by_key(base_models)
    for each in KeywordRanking.objects.filter(base_model__in=base_models).iterator(_AT_ONCE // 100):
        level = levels.get(LevelKey(each.base_model_id, each.target_class, each.text_template, ENGLISH, WHOLE))
        named = (each.list_name, each.list_digest, each.text_template)
        of_list = RankedList.of(*named, each.rows, level.level if level else None)
        ranked[each.base_model_id, each.target_class].append(of_list)
    return ranked


def _task_fact(task: Task, control: float | None, done: Benchmark | None, keywords: Sequence[RankedList]) -> TaskFacts:
    return TaskFacts(
        position=task.position,
        class_name=task.class_name,
        dataset=task.base_model.dataset.name,
        base_model=task.base_model.name,
        is_imported=task.base_model.origin == BaseModelOrigin.IMPORTED,
        base_group=task.base_model.worst_group_name,
        base_worst_group=task.base_model.test_metrics["worst_group"],
        control_worst_group=control,
        base_average=task.base_model.test_metrics["average"],
        benchmark=tuple(done.rows) if done else (),
        keywords=tuple(keywords),
        groups=tuple(task.base_model.named_groups),
        reference_name=task.base_model.reference_name,
    )


def _tried(phrases: QuerySet[Phrase], **task: int) -> Iterator[Tried]:
    """Phrases, the earliest first. task: its position, where it is another than the phrase's own."""
    rows = (
        phrases.exclude(moderation=Moderation.EXCLUDED)
        .order_by("submitted_at", "id")
        .values_list(
            "assignment__task__position",
            "assignment__session__participant__pseudonym",
            "text",
            "moderation",
            "score__value",
            "score__run__worst_group_accuracy",
            "score__n_correct",
            "score__n_error",
            "score__tries",
            "id",
            "score",
            "score__text_digest",
            "score__sign",
            "state",
            "score__run__state",
            "score__run__own_gain_low",
            "score__run__own_gain_high",
            named=True,
        )
    )
    for row in rows.iterator(_AT_ONCE):
        is_hidden = row.moderation == Moderation.HIDDEN
        yield Tried(
            task=task.get("position", row.assignment__task__position),
            participant=row.assignment__session__participant__pseudonym,
            text=HIDDEN if is_hidden else row.text,
            error_score=row.score__value,
            worst_group_accuracy=row.score__run__worst_group_accuracy,
            n_correct=row.score__n_correct or 0,
            n_error=row.score__n_error or 0,
            tries=row.score__tries,
            phrase=row.id,
            score=row.score or 0,
            key=annotation_key(row.score__text_digest, row.score__sign) if row.score__text_digest else b"",
            meant=row.text if is_hidden else "",
            without_run=_WITHOUT_RUN.get(row.score__run__state or row.state, Basis.PENDING),
            gain_interval=_interval(row.score__run__own_gain_low, row.score__run__own_gain_high),
        )


def _interval(low: float | None, high: float | None) -> Interval | None:
    return None if low is None or high is None else Interval(low, high)


def _of_experts(study: Study, tasks: Iterable[Task]) -> Iterator[tuple[int, QuerySet[Phrase]]]:
    """What experts said, in any study, of each task's class and base model, by the task's position.

    Nothing where experts are the study's people, and no task of which they said nothing.
    """
    if study.audience == Audience.EXPERTS:
        return
    visits = AnnotationSession.objects.in_results(SessionKind.EXPERT)
    of_experts = Phrase.objects.filter(assignment__session__in=visits)
    pair = ("assignment__task__base_model", "assignment__task__target_class")
    said = set(of_experts.order_by().values_list(*pair).distinct())  # mostly few, where a study has a thousand tasks
    for task in tasks:
        key = (task.base_model_id, task.target_class)
        if key in said:
            yield task.position, of_experts.filter(**dict(zip(pair, key, strict=True)))


def _conditions(study: Study, kind: SessionKind) -> tuple[dict[str, str | None], int]:
    """The condition of each person, None where there is none or several, and how many people had several."""
    seen: dict[str, set[str | None]] = {}
    visits = study.sessions.in_results(kind).order_by()
    pairs = visits.values_list("participant__pseudonym", "condition__name").distinct()
    for person, condition in pairs:
        seen.setdefault(person, set()).add(condition)
    named = {person: names - {None} for person, names in seen.items()}
    several = sum(len(names) > 1 for names in named.values())
    return {person: next(iter(names)) if len(names) == 1 else None for person, names in named.items()}, several
