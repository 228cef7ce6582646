"""What a study's analysis stands on, read from the database as it is now: plain rows, and how many were left out."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Max, QuerySet

from annotations.analysis.observations.exclusion_counts import Counted, counts
from annotations.analysis.observations.group_runs import GroupRuns, group_runs
from annotations.analysis.observations.packed_phrases import Packed, by_person
from annotations.analysis.observations.person_tasks import (
    Basis,
    Key,
    PersonTask,
    RandomDraws,
    Times,
    Tried,
    annotation_key,
    person_tasks,
)
from annotations.analysis.observations.random_draws import draws_of
from annotations.analysis.observations.task_times import task_times
from annotations.models import (
    AnnotationSession,
    Assignment,
    Audience,
    BaseModelOrigin,
    Benchmark,
    JobState,
    KeywordRanking,
    Moderation,
    Phrase,
    RunState,
    SessionKind,
    Study,
    StudyState,
    Task,
    VocabularyLevel,
)
from annotations.readings.monitoring.course_steps import Courses
from annotations.readings.monitoring.person_courses import courses
from annotations.readings.phrases.vocabulary_levels import WHOLE, LevelKey, levels_by_key, levels_of
from annotations.readings.releases.moderated_words import HIDDEN
from annotations.readings.retraining.controls import control_worst_groups
from modeling.arrays.phrases.phrase_languages import ENGLISH

_AT_ONCE = 2_000
_KEY = ("task__position", "session__participant__pseudonym")
# "failed" is a phrase's word too.
_WITHOUT_RUN: dict[str, Basis] = {RunState.REFUSED: Basis.REFUSED, RunState.FAILED: Basis.FAILED}
BEST_KEYWORDS = 20  # of each ranking; what ranked them wrote all
MACHINES_TOP = 10  # keywords by CLIP score, which Bias-to-Text would say (Table 2)


@dataclass(frozen=True)
class RankedList:
    """The best keywords of a list on a task's class, as `KeywordRanking.rows` has them, and their rank.

    n_keywords: in the list; vocabulary_level: what one common word in twenty passes on the class, None until known.
    """

    name: str
    digest: str
    template: str
    n_keywords: int
    best: tuple[dict[str, Any], ...]
    vocabulary_level: float | None = None


@dataclass(frozen=True)
class TaskFacts:
    """A task and the base model that it shows. n_correct, n_error: of the class's validation images, None until scored.

    is_imported: its last layer is not known, so any retraining gives it a new one. base_group: name of its worst group.
    groups: name and accuracy of each, an empty group None; no groups where the data have no names for any.
    control_worst_group: of the retraining without a phrase, None until a run is trained.
    benchmark: rows of the newest finished benchmark of the base model, as `Benchmark.rows` has them. keywords: the
    lists that were ranked on the class.
    """

    position: int
    class_name: str
    dataset: str
    base_model: str
    is_imported: bool
    base_group: str
    base_worst_group: float
    control_worst_group: float | None
    base_average: float
    n_correct: int | None
    n_error: int | None
    benchmark: tuple[dict[str, Any], ...]
    keywords: tuple[RankedList, ...]
    groups: tuple[tuple[str, float | None], ...] = ()
    reference_name: str = "the base model"

    @property
    def control_name(self) -> str:
        """What the control is called: predictions that were imported get another last layer by any retraining."""
        return "A new last layer" if self.is_imported else "Control"

    @property
    def title(self) -> str:
        return f"{self.position}. {self.class_name} ({self.dataset})"


@dataclass(frozen=True)
class PhraseRows:
    """What was said of some tasks, or of all. experts: what experts said of the same class of the same base model.

    vocabularies: what common words reach on a task, by its position, where they are scored.
    """

    tasks: tuple[TaskFacts, ...]
    tried: Packed
    experts: Packed
    vocabularies: Mapping[int, VocabularyLevel]


@dataclass(frozen=True)
class StudyRows(PhraseRows):
    """Everything that tables are made of.

    at_work: of those assigned, who may still say something. draws: of the run of everybody's best phrase, by its score.
    groups: those runs by group, of the tasks whose groups have names.
    """

    conditions: tuple[str, ...]
    condition_of: dict[str, str | None]
    assigned: tuple[Key, ...]
    at_work: frozenset[Key]
    courses: Courses
    times: dict[Key, Times]
    counted: tuple[Counted, ...]
    new_concept_chance: float
    primary_measures: tuple[str, ...]
    draws: Mapping[int, RandomDraws] = field(default_factory=dict)
    groups: Mapping[int, GroupRuns] = field(default_factory=dict)


def read_rows(study: Study) -> StudyRows:
    """Read a study. Its people are its participants; where experts are its audience, these."""
    kind = people_kind(study)
    condition_of, several = _conditions(study, kind)
    said = read_phrases(study)
    best = said.tried.best_scores()
    assigned = Assignment.objects.filter(session__in=study.sessions.in_results(kind))
    return StudyRows(
        **vars(said),
        conditions=tuple(study.conditions.values_list("name", flat=True)),
        condition_of=condition_of,
        assigned=tuple(assigned.values_list(*_KEY)),
        at_work=frozenset(assigned.at_work().values_list(*_KEY)),
        courses=courses(study, kind),
        times=task_times(study, kind),
        counted=tuple(each for each in counts(study, kind, several) if each.n),
        new_concept_chance=study.new_concept_chance,
        primary_measures=_primary_measures(study),
        draws=draws_of([*best, *said.experts.best_scores()]),
        groups=group_runs(best, {task.position: _worst(task) for task in said.tasks if task.groups}),
    )


def read_people(study: Study) -> tuple[PersonTask, ...]:
    """Return what each person reached on each task, from phrases and runs as they are now."""
    rows = read_rows(study)
    return people_of(rows, by_person(rows.tried))


def people_of(rows: StudyRows, tried: Mapping[Key, Packed]) -> tuple[PersonTask, ...]:
    """Return a row for everybody who was given a task. tried: `rows.tried` by person."""
    controls = {task.position: task.control_worst_group for task in rows.tasks}
    given = (rows.assigned, tried, rows.condition_of, rows.times, controls, rows.at_work)
    return person_tasks(*given, rows.vocabularies, rows.draws)


def read_phrases(study: Study, positions: Collection[int] | None = None) -> PhraseRows:
    """Read what was said of the tasks at some positions, or of all."""
    tasks = study.tasks.all() if positions is None else study.tasks.filter(position__in=positions)
    phrases = _of_people(study)
    if positions is not None:
        phrases = phrases.filter(assignment__task__position__in=positions)
    facts = list(_with_counts(tasks.with_base_models()))
    levels = levels_of(facts, with_scores=True)
    return PhraseRows(
        tasks=_task_facts(facts),
        tried=Packed(_tried(phrases)),
        experts=Packed(phrase for task, said in _of_experts(study, tasks) for phrase in _tried(said, position=task)),
        vocabularies={task.position: levels[task.pk] for task in facts if task.pk in levels},
    )


def people_kind(study: Study) -> SessionKind:
    """Return whose visits the study's numbers are of."""
    return SessionKind.EXPERT if study.audience == Audience.EXPERTS else SessionKind.PARTICIPANT


def _primary_measures(study: Study) -> tuple[str, ...]:
    """What the study declared, as it was frozen; nothing where it opened before studies declared anything."""
    frozen = study.configurations.order_by("version").last()
    if frozen is None or study.state == StudyState.DRAFT:
        return tuple(study.primary_measures)
    return tuple(frozen.data["study"].get("primary_measures", ()))


def _worst(task: TaskFacts) -> int | None:
    """The group that the base model gets wrong most often; None: of imported predictions, the control says it."""
    shares = [(share, place) for place, (_, share) in enumerate(task.groups) if share is not None]
    return None if task.is_imported else min(shares)[1]


def _with_counts(tasks: QuerySet[Task]) -> QuerySet[Task]:
    scores = "assignments__phrases__score__"
    # Django leaves a model's own ordering out of a query that groups.
    counts = {"n_correct": Max(f"{scores}n_correct"), "n_error": Max(f"{scores}n_error")}
    return tasks.annotate(**counts).order_by("position")


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
        best = tuple(each.best(BEST_KEYWORDS, MACHINES_TOP))
        named = (each.list_name, each.list_digest, each.text_template, each.n_keywords)
        of_list = RankedList(*named, best, level.level if level else None)
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
        n_correct=task.n_correct,  # type: ignore[attr-defined]  # annotated
        n_error=task.n_error,  # type: ignore[attr-defined]
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
        )


def _of_people(study: Study) -> QuerySet[Phrase]:
    return Phrase.objects.filter(assignment__session__in=study.sessions.in_results(people_kind(study)))


def _of_experts(study: Study, tasks: QuerySet[Task]) -> Iterator[tuple[int, QuerySet[Phrase]]]:
    """What experts said, in any study, of each task's class and base model, by the task's position.

    Nothing where experts are the study's people, and no task of which they said nothing.
    """
    if study.audience == Audience.EXPERTS:
        return
    visits = AnnotationSession.objects.in_results(SessionKind.EXPERT)
    of_experts = Phrase.objects.filter(assignment__session__in=visits)
    pair = ("assignment__task__base_model", "assignment__task__target_class")
    said = set(of_experts.order_by().values_list(*pair).distinct())  # mostly few, where a study has a thousand tasks
    for task in tasks.exclude(target_class=None):
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
