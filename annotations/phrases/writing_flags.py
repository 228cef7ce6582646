"""What stands out in how phrases came into their fields. It changes no score, no check, no payment and no result."""

from collections.abc import Collection, Mapping
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Count, IntegerField, Max, Min, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Length
from django.db.models.lookups import GreaterThanOrEqual

from annotations.models import AnnotationSession, Phrase, Study
from clarify_errors.arrays.phrases import writing_traces

People = Mapping[tuple[int, str], int]  # how many submitted the same words, by the task's id and the words


def _counted(name: str) -> Cast:
    return Cast(KT(f"writing__{name}"), IntegerField())


# What says of phrases of one text that something stands out in one of them.
TRACES = {
    "pastes": Max(_counted("pastes")),
    "left": Max(_counted("left")),
    "edits": Min(_counted("edits"), filter=Q(writing__edits__gt=0)),
}

_STANDS_OUT = {  # as writing_traces.flags has it of one phrase
    "pasted": Q(writing__pastes__gt=0),
    "at_once": Q(
        GreaterThanOrEqual(Length("text"), writing_traces.LONG_ENOUGH),
        writing__edits__in=range(1, writing_traces.MOST_AT_ONCE + 1),
    ),
    "left": Q(writing__left__gt=0),
}


def people_by_words(
    study: Study, visits: QuerySet[AnnotationSession] | None = None, *, texts: Collection[str] | None = None
) -> People:
    """Return how many people said the same words in a task, where two or more did.

    visits: None: those that count. texts: None: all.
    """
    visits = study.sessions.in_results() if visits is None else visits
    said = Phrase.objects.filter(assignment__session__in=visits, **({} if texts is None else {"text__in": texts}))
    same = said.order_by().values("assignment__task", "text")
    counted = same.annotate(people=Count("assignment__session__participant", distinct=True)).filter(people__gt=1)
    return {(row["assignment__task"], row["text"]): row["people"] for row in counted.iterator()}


def said_by_others(phrase: Phrase, people: People) -> int:
    """Return how many others submitted the phrase's words in its task."""
    return people.get((phrase.assignment.task_id, phrase.text), 1) - 1


def flags_of(phrase: Phrase, people: People) -> tuple[str, ...]:
    """Return what stands out, as `clarify_errors/arrays/phrases/writing_traces` defines it."""
    return writing_traces.flags(phrase.writing, phrase.text, said_by_others(phrase, people))


def flags_together(traces: Mapping[str, Any], text: str, said_by_others: int) -> tuple[str, ...]:
    """Return what stands out in one at least of phrases of one text. traces: by TRACES."""
    counted = dict.fromkeys(writing_traces.COUNTED, 0) | {name: traces[name] or 0 for name in TRACES}
    return writing_traces.flags(counted, text, said_by_others)


def with_flag(phrases: QuerySet[Phrase], flag: str, study: Study) -> QuerySet[Phrase]:
    """Return those of which this stands out."""
    if flag in _STANDS_OUT:
        return phrases.filter(_STANDS_OUT[flag])
    people = people_by_words(study).items()
    said = [words for words, n in people if flag in writing_traces.flags(None, words[1], n - 1)]
    tasks = {task for task, _ in said}
    repeated = (Q(assignment__task=task, text__in=[text for of, text in said if of == task]) for task in tasks)
    return phrases.filter(reduce(or_, repeated, Q(pk__in=[])))
