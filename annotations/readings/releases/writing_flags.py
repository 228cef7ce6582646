"""What stands out in how phrases came into their fields. It changes no score, no check, no payment and no result."""

from collections.abc import Mapping

from django.db.models import Count, QuerySet

from annotations.models import AnnotationSession, Phrase, Study
from modeling.arrays.phrases import writing_traces

People = Mapping[tuple[int, str], int]  # how many submitted the same words, by the task's id and the words


def people_by_words(study: Study, visits: QuerySet[AnnotationSession] | None = None) -> People:
    """Return how many people said the same words in a task, where two or more did. visits: None: those that count."""
    visits = study.sessions.in_results() if visits is None else visits
    same = Phrase.objects.filter(assignment__session__in=visits).order_by().values("assignment__task", "text")
    counted = same.annotate(people=Count("assignment__session__participant", distinct=True)).filter(people__gt=1)
    return {(row["assignment__task"], row["text"]): row["people"] for row in counted.iterator()}


def said_by_others(phrase: Phrase, people: People) -> int:
    """Return how many others submitted the phrase's words in its task."""
    return people.get((phrase.assignment.task_id, phrase.text), 1) - 1


def flags_of(phrase: Phrase, people: People) -> tuple[str, ...]:
    """Return what stands out, as `modeling/arrays/phrases/writing_traces` defines it."""
    return writing_traces.flags(phrase.writing, phrase.text, said_by_others(phrase, people))


def with_flag(phrases: QuerySet[Phrase], flag: str, people: People) -> QuerySet[Phrase]:
    """Return those of which this stands out."""
    told = (
        phrases.order_by().select_related(None).select_related("assignment").only("text", "writing", "assignment__task")
    )
    return phrases.filter(pk__in=[row.pk for row in told.iterator() if flag in flags_of(row, people)])
