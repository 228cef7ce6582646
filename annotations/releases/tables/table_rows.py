"""The tables of every export, and their rows, each table's in its order; rows of the database are streamed.

Previews and simulated visits are in no table but exclusions.csv, unless rehearsals are asked for. Of a visit whose
person withdrew, or was erased, there is the row in sessions.csv that says so, and nothing that was done in it. A phrase
that the staff excluded is only in exclusions.csv, which lists what other tables or the headline leave out, and why.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, Count, Exists, F, Model, OuterRef, Q, QuerySet, Subquery, When

from annotations.analysis.observations.person_tasks import PersonTask
from annotations.analysis.tables.filled_tables import SUMMARY
from annotations.analysis.tables.flow_table import FLOW, flow_lines
from annotations.base.tables.columns import Table, worded
from annotations.models import (
    AllocationState,
    AnnotationSession,
    Assignment,
    EndAnswer,
    EndReason,
    EntryVerification,
    Moderation,
    Outcome,
    Participant,
    Phrase,
    PhraseState,
    Run,
    RunState,
    Score,
    SessionKind,
    Span,
    SpanKind,
    Stage,
    Study,
    Task,
    ThresholdChoice,
    VocabularyLevel,
)
from annotations.models.arrays import without_arrays
from annotations.models.end_questions import TRUST
from annotations.models.moderated_words import HIDDEN
from annotations.models.participant import SessionQuerySet
from annotations.monitoring.person_courses import courses, people_kind
from annotations.phrases.vocabulary_levels import WHOLE
from annotations.phrases.writing_flags import people_by_words
from annotations.releases.tables.phrase_columns import PHRASES, with_what_others_did
from annotations.results.latest_results import stored_concepts


@dataclass(frozen=True)
class Exclusion:
    """One thing that is left out. participant, task and ordinal are empty where they do not apply."""

    what: str
    session: str
    participant: str | None
    task: int | None
    ordinal: int | None
    run: str | None
    reason: str
    detail: str
    at: dt.datetime | None
    consequence: str


EXCLUSIONS: Table[Exclusion] = worded(__package__, "exclusions")
NOT_EXCLUDED = [each for each in Moderation.values if each != Moderation.EXCLUDED]

_EVERYTHING = "every table but this one"
_ALL_BUT_SESSIONS = "every table but sessions.csv and participants.csv"
_HEADLINE = "the headline (summary.csv and what is made of it)"
_NO_SCORE = "the scores; it counts as a try"
_NO_ACCURACY = "the accuracies after retraining; its phrase keeps its score"


def exclusions(study: Study) -> Iterator[Exclusion]:
    """Yield what is left out: visits, then phrases, then runs, each by session."""
    kind = people_kind(study)
    visits = study.sessions.filter(~Q(kind=kind) | Q(withdrawn_at__isnull=False) | Q(erased_at__isnull=False))
    for visit in visits.select_related("participant").order_by("submission_key").iterator():
        yield _of_visit(visit, kind)
    inside = study.sessions.in_results()
    phrases = Phrase.objects.filter(assignment__session__in=inside)
    out = phrases.filter(Q(moderation=Moderation.EXCLUDED) | ~Q(state=PhraseState.SCORED))
    out = out.select_related("assignment__session__participant", "assignment__task")
    for phrase in out.order_by(
        "assignment__session__submission_key", "assignment__task__position", "ordinal"
    ).iterator():
        yield _of_phrase(phrase)
    runs = Run.objects.filter(assignment__session__in=inside).exclude(state=RunState.DONE)
    runs = runs.filter(its_phrases(moderation__in=NOT_EXCLUDED))
    runs = runs.select_related("assignment__session__participant", "assignment__task")
    for run in runs.order_by("assignment__session__submission_key", "assignment__task__position", "id").iterator():
        yield _of_run(run)


def its_phrases(**fields: Any) -> Q:
    """Say of a run whether one of its phrases, by their automatic or their chosen thresholds, has these fields."""
    wanted = {f"phrase__{name}": value for name, value in fields.items()}
    # Two subqueries, each by an index: with one "or" in it, PostgreSQL would scan all phrases for each run.
    scores = Score.objects.filter(run=OuterRef("pk"), **wanted)
    choices = ThresholdChoice.objects.filter(run=OuterRef("pk"), **wanted)
    return Q(Exists(scores)) | Q(Exists(choices))


def _of_visit(visit: AnnotationSession, kind: SessionKind) -> Exclusion:
    if visit.is_uncounted:
        reason, detail, at, consequence = visit.kind, "nobody's work", visit.created_at, _EVERYTHING
    elif visit.erased_at is not None:
        reason, detail, at, consequence = "erased", "nothing is left of it", visit.erased_at, _ALL_BUT_SESSIONS
    elif visit.withdrawn_at is not None:
        withdrawn = "the person wants nothing of it to be used"
        reason, detail, at, consequence = "withdrawn", withdrawn, visit.withdrawn_at, _ALL_BUT_SESSIONS
    else:
        detail = f"the study is about its {'experts' if kind == SessionKind.EXPERT else 'participants'}"
        reason, at, consequence = visit.kind, visit.created_at, _HEADLINE
    person = None if visit.erased_at else visit.participant.pseudonym
    return Exclusion("visit", visit.submission_key, person, None, None, None, reason, detail, at, consequence)


def _of_phrase(phrase: Phrase) -> Exclusion:
    if phrase.moderation == Moderation.EXCLUDED:
        reason, detail, consequence = "moderation", phrase.moderation_reason, _EVERYTHING
    elif phrase.state == PhraseState.FAILED:
        reason, detail, consequence = "failed", phrase.last_error, _NO_SCORE
    else:
        reason, detail, consequence = "pending", "not scored yet", _NO_SCORE
    place = *_work_of(phrase), phrase.ordinal, None
    return Exclusion("phrase", *place, reason, detail, phrase.submitted_at, consequence)


def _of_run(run: Run) -> Exclusion:
    place, detail = (*_work_of(run), None, str(run.public_id)), run.reason or "not trained yet"
    return Exclusion("run", *place, run.state, detail, run.finished_at, _NO_ACCURACY)


def _work_of(row: Phrase | Run) -> tuple[str, str, int]:
    """The visit, the person and the task that a phrase or a run is of."""
    session = row.assignment.session
    return session.submission_key, session.participant.pseudonym, row.assignment.task.position


def _seconds_at_work(assignment: Assignment) -> float | None:
    if assignment.started_at is None or assignment.ended_at is None:
        return None
    return (assignment.ended_at - assignment.started_at).total_seconds()


PARTICIPANTS: Table[Participant] = worded(__package__, "participants")
SESSIONS: Table[AnnotationSession] = worded(
    __package__,
    "sessions",
    values={"verification": EntryVerification, "stage": Stage, "outcome": Outcome, "place": AllocationState},
)
ASSIGNMENTS: Table[Assignment] = worded(
    __package__, "assignments", {"duration": _seconds_at_work}, {"end_reason": EndReason}
)
END_ANSWERS: Table[EndAnswer] = worded(__package__, "end_answers")
SPANS: Table[Span] = worded(
    __package__,
    "spans",
    {"duration": lambda row: (row.ended_at - row.began_at).total_seconds()},
    {"kind": SpanKind},
)


def _typed(run: Run) -> str:
    hidden: bool = run.is_hidden  # type: ignore[attr-defined]  # annotated
    return HIDDEN if hidden else run.phrase_text


RUNS: Table[Run] = worded(
    __package__,
    "runs",
    {
        "phrase_text": _typed,
        "base_worst_group_accuracy": lambda row: row.base_model.test_metrics["worst_group"],
        "base_average_accuracy": lambda row: row.base_model.test_metrics["average"],
    },
)


TABLES: tuple[Table[Any], ...] = (
    PARTICIPANTS,
    SESSIONS,
    ASSIGNMENTS,
    PHRASES,
    RUNS,
    END_ANSWERS,
    SPANS,
    FLOW,
    SUMMARY,
    EXCLUSIONS,
)


_AT_ONCE = 500  # rows that are in memory together


@dataclass(frozen=True)
class Source:
    """A table of one study with its rows. filters: the columns that rows can be chosen by, with their lookups."""

    table: Table[Any]
    rows: QuerySet[Any, Any] | Iterable[Any]
    filters: Mapping[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Any]:
        """Yield the rows; those of the database through a cursor on the server."""
        return self.rows.iterator(_AT_ONCE) if isinstance(self.rows, QuerySet) else iter(self.rows)


def sources(study: Study, people: Sequence[PersonTask], concepts: Mapping[int, int] | None = None) -> list[Source]:
    """Return the tables of a study, in the order of `TABLES`.

    people: what each reached on each task. concepts: their numbers by the phrase's id; None: those of the study's last
    analysis.
    """
    of_rows = [source_of(study, table.name, concepts=concepts) for table in TABLES if table.name in _QUERIES]
    positions = study.tasks.order_by("position").values_list("position", flat=True)
    flow = flow_lines(courses(study, people_kind(study)), people, positions)
    return [*of_rows, Source(FLOW, flow), Source(SUMMARY, people), Source(EXCLUSIONS, exclusions(study))]


def source_of(
    study: Study, name: str, *, rehearsals: bool = False, concepts: Mapping[int, int] | None = None
) -> Source:
    """Return one of the tables whose rows stand in the database, by the name of its file. Raises KeyError.

    rehearsals: with previews and simulated visits. concepts: as in `sources`.
    """
    table, query, filters = _QUERIES[name]
    visits = study.sessions.all() if rehearsals else study.sessions.counted()
    if table is PHRASES:
        people = people_by_words(study, visits)
        table = with_what_others_did(stored_concepts(study) if concepts is None else concepts, people)
    return Source(table, query(visits), _lookups(table, filters))


def phrase_rows(study: Study) -> QuerySet[Phrase]:
    """Return the study's phrases in the order of phrases.csv, without the arrays of their scores."""
    return _phrases(study.sessions.counted())


def _phrases(visits: SessionQuerySet) -> QuerySet[Phrase]:
    phrases = (
        Phrase.objects.filter(assignment__session__in=visits.kept())
        .exclude(moderation=Moderation.EXCLUDED)
        .select_related("assignment__session__participant", "assignment__task", "score__run")
        .select_related("threshold_choice__run", "judgement")
        .annotate(vocabulary_level=_vocabulary_level())
        .order_by("assignment__session__participant__pseudonym", "assignment__task__position", "submitted_at", "id")
    )
    return without_arrays(phrases).defer(*_UNREAD)


def _vocabulary_level() -> Case:
    """What one common word reaches on a phrase's images, negated for a negation; null where it is not known."""
    task = "assignment__task"
    levels = VocabularyLevel.objects.filter(
        base_model=OuterRef(f"{task}__base_model"),
        target_class=OuterRef(f"{task}__target_class"),
        text_template=OuterRef("score__text_template"),
        language=OuterRef("score__language"),
        half=WHOLE,
    )
    negated, plain = Subquery(levels.values("negated_level")), Subquery(levels.values("level"))
    return Case(When(score__sign=-1, then=negated), When(score__sign=1, then=plain))


def _participants(visits: SessionQuerySet) -> QuerySet[Any, Any]:
    finished = Count("sessions", filter=Q(sessions__stage=Stage.FINISHED))
    people = Participant.objects.filter(sessions__in=visits)
    return people.annotate(n_sessions=Count("sessions"), n_finished=finished).order_by("pseudonym")


def _sessions(visits: SessionQuerySet) -> QuerySet[Any, Any]:
    return (
        visits.select_related("participant", "configuration", "condition", "allocation")
        .defer("configuration__data")
        .annotate(n_check_tries=Count("check_attempts", distinct=True))
        .annotate(n_trust_answers=Count("end_answers", filter=Q(end_answers__number__in=TRUST), distinct=True))
        .order_by("participant__pseudonym", "created_at", "submission_key")
    )


def _assignments(visits: SessionQuerySet) -> QuerySet[Any, Any]:
    return (
        Assignment.objects.filter(session__in=visits.kept())
        .select_related("session__participant", "task")
        .annotate(n_phrases=Count("phrases"))
        .order_by("session__participant__pseudonym", "session__submission_key", "task__position")
    )


def _runs(visits: SessionQuerySet) -> QuerySet[Any, Any]:
    runs = (
        Run.objects.filter(assignment__session__in=visits.kept())
        .annotate(is_hidden=its_phrases(moderation=Moderation.HIDDEN))
        .annotate(language=F("assignment__session__study__phrase_language"))
        .filter(its_phrases(moderation__in=NOT_EXCLUDED))
        .select_related(
            "assignment__session__participant", "assignment__task", "base_model", "control", "random_slices"
        )
        .order_by(
            "assignment__session__participant__pseudonym",
            "assignment__task__position",
            "assignment__session__submission_key",
            "id",
        )
    )
    return runs.defer(*_UNREAD)


def _end_answers(visits: SessionQuerySet) -> QuerySet[Any, Any]:
    return (
        EndAnswer.objects.filter(session__in=visits.kept())
        .select_related("session__participant")
        .order_by("session__participant__pseudonym", "session__submission_key", "number")
    )


def _spans(visits: SessionQuerySet) -> QuerySet[Any, Any]:
    return (
        Span.objects.filter(session__in=visits.kept())
        .select_related("session__participant", "assignment__task")
        .defer(*_unread("session", AnnotationSession, _OF_A_VISIT), *_unread_of_assignment())
        .defer(*_unread("session__participant", Participant, {"pseudonym"}))
        .order_by("session__participant__pseudonym", "session__submission_key", "began_at", "id")
    )


def _unread(path: str, model: type[Model], read: Set[str]) -> list[str]:
    """Return a related row's fields that no table reads: each of very many rows would bring them along."""
    fields = (field for field in model._meta.concrete_fields if not field.primary_key and field.name not in read)
    return [f"{path}__{field.name}" for field in fields]


def _unread_of_assignment() -> list[str]:
    return [*_unread("assignment", Assignment, {"session", "task"}), *_unread("assignment__task", Task, {"position"})]


_OF_A_VISIT = {"participant", "submission_key"}
_UNREAD = (
    *_unread_of_assignment(),
    *_unread("assignment__session", AnnotationSession, _OF_A_VISIT),
    *_unread("assignment__session__participant", Participant, {"pseudonym"}),
)


_OF_A_SESSION = ("session", "participant")
_OF_A_TASK = (*_OF_A_SESSION, "task")
# By the names of their files: tables, their rows of some visits, and the columns by which these can be chosen.
_QUERIES: dict[str, tuple[Table[Any], Any, tuple[str, ...]]] = {
    "participants": (PARTICIPANTS, _participants, ("participant",)),
    "sessions": (SESSIONS, _sessions, (*_OF_A_SESSION, "kind", "stage", "outcome", "condition")),
    "assignments": (ASSIGNMENTS, _assignments, (*_OF_A_TASK, "state")),
    "phrases": (PHRASES, _phrases, (*_OF_A_TASK, "state", "phrase")),
    "runs": (RUNS, _runs, (*_OF_A_TASK, "state", "is_chosen", "run")),
    "end_answers": (END_ANSWERS, _end_answers, (*_OF_A_SESSION, "number")),
    "spans": (SPANS, _spans, (*_OF_A_TASK, "kind")),
}
FILTERS = frozenset(name for _table, _query, filters in _QUERIES.values() for name in filters)


def _lookups(table: Table[Any], names: tuple[str, ...]) -> dict[str, str]:
    """Return how a query calls the attributes that columns are."""
    attributes = {column.name: column.attribute for column in table.columns}
    return {name: attributes[name].replace("?", "").replace(".", "__") for name in names}
