"""The rows of a study's export, each table's in its order; rows of the database are streamed.

Of a visit whose person withdrew there is the row in sessions.csv that says so, and nothing that was done in it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Count, Q, QuerySet

from annotations.exports import tables
from annotations.exports.columns import Table
from annotations.exports.summary import StudySummary
from annotations.models import AnnotationSession, Assignment, EndAnswer, Participant, Phrase, Run, Span, Stage, Study


def study_rows(study: Study, summary: StudySummary) -> Iterator[tuple[Table[Any], Iterable[Any]]]:
    """Yield each table with its rows, in the order of `tables.TABLES`."""
    yield tables.PARTICIPANTS, _participants(study)
    yield tables.SESSIONS, _sessions(study)
    yield tables.ASSIGNMENTS, _assignments(study)
    yield tables.PHRASES, phrase_rows(study)
    yield tables.RUNS, _runs(study)
    yield tables.END_ANSWERS, _end_answers(study)
    yield tables.SPANS, _spans(study)
    yield tables.SUMMARY, (row for task in summary.tasks for row in task.participants)
    yield tables.TOTALS, _totals(summary)


def phrase_rows(study: Study) -> Iterator[Phrase]:
    """Yield the study's phrases in the order of phrases.csv, without the arrays of their scores."""
    return (
        Phrase.objects.filter(assignment__session__in=_kept(study))
        .select_related("assignment__session__participant", "assignment__task", "score__run")
        .select_related("threshold_choice__run", "judgement")
        .defer("score__similarities", "score__text_embedding", "score__run__head", "score__run__test_predictions")
        .defer("threshold_choice__run__head", "threshold_choice__run__test_predictions")
        .order_by("assignment__session__participant__pseudonym", "assignment__task__position", "submitted_at", "id")
        .iterator()
    )


def _kept(study: Study) -> QuerySet[AnnotationSession]:
    """The visits that count, but for those whose persons withdrew."""
    return study.sessions.counted().filter(withdrawn_at=None)


def _participants(study: Study) -> Iterator[Participant]:
    finished = Count("sessions", filter=Q(sessions__stage=Stage.FINISHED))
    return (
        study.participants.counted()
        .annotate(n_sessions=Count("sessions"), n_finished=finished)
        .order_by("pseudonym")
        .iterator()
    )


def _sessions(study: Study) -> Iterator[AnnotationSession]:
    return (
        study.sessions.counted()
        .select_related("participant", "configuration")
        .annotate(n_check_tries=Count("check_attempts"))
        .order_by("participant__pseudonym", "created_at", "submission_key")
        .iterator()
    )


def _assignments(study: Study) -> Iterator[Assignment]:
    return (
        Assignment.objects.filter(session__in=_kept(study))
        .select_related("session__participant", "task")
        .annotate(n_phrases=Count("phrases"))
        .order_by("session__participant__pseudonym", "session__submission_key", "task__position")
        .iterator()
    )


def _runs(study: Study) -> Iterator[Run]:
    return (
        Run.objects.filter(assignment__session__in=_kept(study))
        .select_related("assignment__session__participant", "assignment__task", "base_model")
        .defer("head", "test_predictions", "base_model__head", "base_model__predictions")
        .order_by(
            "assignment__session__participant__pseudonym",
            "assignment__task__position",
            "assignment__session__submission_key",
            "id",
        )
        .iterator()
    )


def _end_answers(study: Study) -> Iterator[EndAnswer]:
    return (
        EndAnswer.objects.filter(session__in=_kept(study))
        .select_related("session__participant")
        .order_by("session__participant__pseudonym", "session__submission_key", "number")
        .iterator()
    )


def _spans(study: Study) -> Iterator[Span]:
    return (
        Span.objects.filter(session__in=_kept(study))
        .select_related("session__participant", "assignment__task")
        .order_by("session__participant__pseudonym", "session__submission_key", "began_at", "id")
        .iterator()
    )


def _totals(summary: StudySummary) -> Iterator[tables.Total]:
    for task in summary.tasks:
        base = task.base_worst_group_accuracy
        yield tables.Total(task.task, "best_error_score", task.best_error_score, None)
        yield tables.Total(task.task, "worst_group_accuracy", task.worst_group_accuracy, base)
        chosen = "worst_group_accuracy_chosen_on_test"
        yield tables.Total(task.task, chosen, task.worst_group_accuracy_chosen_on_test, base)
