"""A study of very many visits: one that went through the services, its copies, and a log that tells of all of them."""

from collections.abc import Container, Iterator
from itertools import chain, islice

from django.db import connection
from django.db.models import Field, Model, UUIDField

from annotations.log import events
from annotations.log.events import RowState, stored_states
from annotations.log.log_registry import OF_MODEL
from annotations.models import (
    Allocation,
    AnnotationSession,
    Assignment,
    CheckAttempt,
    Consent,
    DeviceReport,
    EndReason,
    Judgement,
    JudgementAnswer,
    Participant,
    Phrase,
    PracticePhrase,
    Reply,
    Run,
    Score,
    Span,
    Study,
    ThresholdChoice,
    event_kinds,
)
from annotations.phrases import assignments, replies
from annotations.visits import device_reports, sessions
from tests.support import actors
from tests.support.actors import start_visit
from tests.support.steps import submit_and_score
from tests.support.whole import spend
from worker.runs.run_training import train_due_runs

# A row comes after what it points to.
_COPIED: tuple[type[Model], ...] = (
    Participant,
    AnnotationSession,
    Consent,
    Allocation,
    DeviceReport,
    PracticePhrase,
    CheckAttempt,
    Assignment,
    Span,
    Phrase,
    Run,
    Score,
    ThresholdChoice,
    Judgement,
    Reply,
)
_NAMES = {"pseudonym": "P", "submission_key": "S"}
_STEP = 100_000  # between the ids of one copy and the next
_WORDS = ("red", "blue", "large", "dark", "no red", "small", "bright", "crimson", "no blue", "light")


def plant(study: Study, n_visits: int, phrases_each: int) -> Study:
    """Open a draft, and fill it with n visits that are alike: finished, each phrase scored and retrained."""
    study.tasks.update(max_phrases=phrases_each, time_limit_s=7200)
    study = actors.open_study(study)
    _finished_visit(study, phrases_each)
    copy(1, n_visits - 1)
    return study


def copy(first: int, last: int) -> None:
    """Copy the one visit of the database, once for each number from `first` to `last`."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET session_replication_role = replica")  # no triggers
        for model in _COPIED:
            cursor.execute(_copies(model), [first, last])
        cursor.execute("SET session_replication_role = origin; RESET statement_timeout; ANALYZE")


def log(study: Study) -> None:
    """Tell of the copies of which the log does not tell yet: an event for each row, as when they came one by one."""
    told = study.events.filter(session__isnull=False).values("session")
    copies = study.sessions.exclude(pk__in=told).select_related("participant").in_bulk()
    entries = chain(
        (events.Entry(event_kinds.SESSION_ENTERED, visit) for visit in copies.values()),
        (events.Entry(event_kinds.SPANS_REPORTED, copies[each.visit], (each,)) for each in _row_states(study, copies)),
    )
    while some := list(islice(entries, 1_000)):
        events.record_all(study, some)


def _row_states(study: Study, copies: Container[int | None]) -> Iterator[RowState]:
    for model in _COPIED:
        table = OF_MODEL[model]
        if model not in (Participant, AnnotationSession):
            yield from (each for each in stored_states(table, table.rows(study)) if each.visit in copies)


def _finished_visit(study: Study, n_phrases: int) -> None:
    visit = start_visit(study, "alice")
    device_reports.store(visit.session, has_script=True)
    texts = (f"{_WORDS[i % len(_WORDS)]} {'very ' * (i // len(_WORDS))}".strip() for i in range(n_phrases))
    for phrase in submit_and_score(visit, *texts):
        if phrase.score.threshold is not None:
            replies.choose_threshold(phrase, phrase.score.threshold)
        replies.judge(phrase, JudgementAnswer.YES)
    spend(visit)
    assignments.end(visit.assignment, EndReason.DONE)
    train_due_runs()
    sessions.finish(visit.session, {})


def _copies(model: type[Model]) -> str:
    table, fields = model._meta.db_table, model._meta.concrete_fields
    names, values = ", ".join(f'"{field.column}"' for field in fields), ", ".join(map(_copied, fields))
    return (
        f"INSERT INTO {table} ({names}) SELECT {values} FROM {table}, generate_series(%s, %s) AS i WHERE id < {_STEP}"
    )


def _copied(field: "Field[object, object]") -> str:
    if field.primary_key or field.related_model in _COPIED:
        return f'"{field.column}" + i * {_STEP}'
    if field.name in _NAMES:
        return f"'{_NAMES[field.name]}' || lpad(i::text, 12, '0')"
    return "gen_random_uuid()" if isinstance(field, UUIDField) else f'"{field.column}"'
