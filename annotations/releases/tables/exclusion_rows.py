"""The exclusion ledger: what is left out of the tables or of the headline, each with its reason."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q

from annotations.base.tables.columns import Table
from annotations.base.tables.worded_tables import worded
from annotations.models import (
    AnnotationSession,
    Moderation,
    Phrase,
    PhraseState,
    Run,
    RunState,
    Score,
    SessionKind,
    Study,
    ThresholdChoice,
)
from annotations.monitoring.person_courses import people_kind


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
