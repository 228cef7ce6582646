"""What participants reached on each task: their best error score and what retraining with those words gives."""

import statistics
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from annotations.models import AnnotationSession, Assignment, Phrase, Study, Task


@dataclass(frozen=True)
class ParticipantSummary:
    """One participant on one task, over all of the participant's sessions.

    best_error_score: in [0, 1], the earliest phrase wins a tie; None without a scored phrase. worst_group_accuracy:
    on test, of the run of that phrase, None where it has no finished run. worst_group_accuracy_chosen_on_test: the
    highest over all phrases, so optimistic: the test images have chosen the phrase.
    """

    participant: str
    task: int
    n_phrases: int
    best_error_score: float | None
    best_phrase: str | None
    worst_group_accuracy: float | None
    worst_group_accuracy_chosen_on_test: float | None


@dataclass(frozen=True)
class Spread:
    """n values that are there, their mean, sample standard deviation (n - 1; None below two values) and maximum."""

    n: int
    mean: float | None
    sd: float | None
    max: float | None


@dataclass(frozen=True)
class TaskSummary:
    """One task: its participants in the order of their pseudonyms, beside the base model they were shown."""

    task: int
    class_name: str
    base_model: str
    base_worst_group_accuracy: float
    participants: tuple[ParticipantSummary, ...]

    @property
    def best_error_score(self) -> Spread:
        return spread(row.best_error_score for row in self.participants)

    @property
    def worst_group_accuracy(self) -> Spread:
        return spread(row.worst_group_accuracy for row in self.participants)

    @property
    def worst_group_accuracy_chosen_on_test(self) -> Spread:
        return spread(row.worst_group_accuracy_chosen_on_test for row in self.participants)


@dataclass(frozen=True)
class StudySummary:
    """The tasks of a study in their order."""

    tasks: tuple[TaskSummary, ...]


class _Tried(NamedTuple):
    """A phrase as the summary needs it."""

    text: str
    error_score: float | None
    worst_group_accuracy: float | None


def summarise(study: Study) -> StudySummary:
    """Summarise a study from its phrases and runs as they are now."""
    tried = _tried_phrases(study)
    tasks = study.tasks.select_related("base_model__dataset").defer("base_model__head", "base_model__predictions")
    return StudySummary(tuple(_task_summary(task, tried) for task in tasks))


def spread(values: Iterable[float | None]) -> Spread:
    """Return the spread of the values that are not None.

    >>> spread([0.5, None, 0.7])
    Spread(n=2, mean=0.6, sd=0.1414213562373095, max=0.7)
    """
    present = [value for value in values if value is not None]
    if not present:
        return Spread(0, None, None, None)
    sd = statistics.stdev(present) if len(present) > 1 else None
    return Spread(len(present), statistics.fmean(present), sd, max(present))


def _tried_phrases(study: Study) -> dict[tuple[int, str], list[_Tried]]:
    """Phrases by task and participant, the earliest first."""
    rows = (
        Phrase.objects.filter(assignment__session__in=study.sessions.counted().filter(withdrawn_at=None))
        .order_by("submitted_at", "id")
        .values_list(
            "assignment__task_id",
            "assignment__session__participant__pseudonym",
            "text",
            "score__value",
            "score__run__worst_group_accuracy",
        )
    )
    tried: dict[tuple[int, str], list[_Tried]] = defaultdict(list)
    for task_id, participant, text, error_score, worst_group_accuracy in rows.iterator():
        tried[task_id, participant].append(_Tried(text, error_score, worst_group_accuracy))
    return tried


def _task_summary(task: Task, tried: dict[tuple[int, str], list[_Tried]]) -> TaskSummary:
    participants = (
        Assignment.objects.filter(task=task, session__in=AnnotationSession.objects.counted().filter(withdrawn_at=None))
        .order_by("session__participant__pseudonym")
        .values_list("session__participant__pseudonym", flat=True)
        .distinct()
    )
    return TaskSummary(
        task=task.position,
        class_name=task.class_name,
        base_model=task.base_model.name,
        base_worst_group_accuracy=task.base_model.test_metrics["worst_group"],
        participants=tuple(
            _participant_summary(participant, task.position, tried.get((task.pk, participant), []))
            for participant in participants
        ),
    )


def _participant_summary(participant: str, task: int, tried: list[_Tried]) -> ParticipantSummary:
    scored = [phrase for phrase in tried if phrase.error_score is not None]
    best = max(scored, key=lambda phrase: phrase.error_score or 0.0, default=None)  # max keeps the first of ties
    reached = [phrase.worst_group_accuracy for phrase in tried if phrase.worst_group_accuracy is not None]
    return ParticipantSummary(
        participant=participant,
        task=task,
        n_phrases=len(tried),
        best_error_score=best.error_score if best else None,
        best_phrase=best.text if best else None,
        worst_group_accuracy=best.worst_group_accuracy if best else None,
        worst_group_accuracy_chosen_on_test=max(reached, default=None),
    )
