"""How far a study is: what was done, without previews and rehearsals."""

from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from annotations.models import AnnotationSession, Phrase, PhraseState, Run, RunState, Stage, Study

SENT = "simulated_people_sent"  # act in the audit log: nothing in their visits tells them from people's


def has_simulated_people(study: Study) -> bool:
    """Whether somebody noted that a script takes part in the study as people do."""
    return study.audit_records.filter(act=SENT).exists()


def with_counts(studies: QuerySet[Study]) -> QuerySet[Study]:
    """Count people and work of each study, for lists alone: it reads all phrases of those that are shown."""
    sessions = AnnotationSession.objects.counted().filter(study=OuterRef("pk"))
    person = Count("participant", distinct=True)  # who came by two links is one
    of_study = AnnotationSession.objects.counted().filter(study=OuterRef(OuterRef("pk")))
    done = Run.objects.filter(assignment__session__in=of_study, state=RunState.DONE)
    return studies.annotate(
        n_sessions=number_of(sessions, "study", person),
        n_finished=number_of(sessions.filter(stage=Stage.FINISHED), "study", person),
        n_phrases=number_of(Phrase.objects.filter(assignment__session__in=of_study), "assignment__session__study"),
        n_runs=number_of(done, "assignment__session__study"),
    )


def number_of(rows: QuerySet[Any], by: str, counted: Count | None = None) -> Coalesce:
    """Count the rows of each row of a query, or what `counted` counts of them.

    by: the path to that row, whose key `rows` have as an `OuterRef`.
    """
    return Coalesce(Subquery(rows.order_by().values(by).annotate(n=counted or Count("*")).values("n")), 0)


def work(study: Study) -> dict[str, int]:
    """Return how many phrases there are and how many wait or failed, and runs by their state."""
    counted = study.sessions.counted()
    phrases = Phrase.objects.filter(assignment__session__in=counted).aggregate(
        phrases=Count("id"),
        pending=Count("id", filter=Q(state=PhraseState.PENDING)),
        failed=Count("id", filter=Q(state=PhraseState.FAILED)),
    )
    by_state = {f"runs_{state.value}": Count("id", filter=Q(state=state)) for state in RunState}
    return phrases | Run.objects.filter(assignment__session__in=counted).aggregate(**by_state)
