"""What an expert sees of a study's classes, and how far each expert is."""

from dataclasses import dataclass

from django.db.models import Count, Max, Q, QuerySet

from annotations.models import AnnotationSession, Assignment, AssignmentState, EndReason, SessionKind, Study, Task


@dataclass(frozen=True)
class ClassLine:
    """One class that an expert can do. percent_wrong: of its validation images, None where there is none.

    best: the highest error score of the expert's phrases, None without one.
    """

    task: Task
    percent_wrong: int | None
    assignment: Assignment | None
    n_phrases: int
    best: float | None

    @property
    def state(self) -> str:
        """What the expert did in it so far: "open" for nothing, else "running", "done" or "skipped"."""
        if self.assignment is None:
            return "open"
        if self.assignment.state != AssignmentState.ENDED:
            return "running"
        return "skipped" if self.assignment.end_reason == EndReason.SKIPPED else "done"


@dataclass(frozen=True)
class ClassPlace:
    """Where a class stands among those of its study, from 1, and the nearest open ones before and after it."""

    number: int
    n_classes: int
    before: Task | None
    after: Task | None


def class_place(assignment: Assignment) -> ClassPlace:
    """Return where an expert is among the classes of a study; open ones are neither done nor skipped."""
    tasks = list(assignment.session.study.tasks.order_by("position"))
    ended = set(assignment.session.assignments.filter(state=AssignmentState.ENDED).values_list("task_id", flat=True))
    here = next(place for place, task in enumerate(tasks) if task.pk == assignment.task_id)
    before = next((task for task in reversed(tasks[:here]) if task.pk not in ended), None)
    after = next((task for task in tasks[here + 1 :] if task.pk not in ended), None)
    return ClassPlace(here + 1, len(tasks), before, after)


def class_lines(session: AnnotationSession) -> list[ClassLine]:
    """Return every class of the study with what the expert did in it, in the order of the study's tasks."""
    mine = session.assignments.annotate(n_phrases=Count("phrases"), best=Max("phrases__score__value"))
    by_task = {assignment.task_id: assignment for assignment in mine.order_by()}
    tasks = session.study.tasks.with_base_models().order_by("position")
    return [_line(task, by_task.get(task.pk)) for task in tasks]


def experts(study: Study) -> list[AnnotationSession]:
    """Return the visits of a study's experts, each with how much they did, the first to come first."""
    visits = study.sessions.filter(kind=SessionKind.EXPERT).select_related("participant")
    skipped = Q(assignments__end_reason=EndReason.SKIPPED)
    counted = visits.annotate(
        n_begun=Count("assignments", distinct=True),
        n_done=Count("assignments", filter=Q(assignments__state=AssignmentState.ENDED) & ~skipped, distinct=True),
        n_skipped=Count("assignments", filter=skipped, distinct=True),
        n_phrases=Count("assignments__phrases", distinct=True),
    )
    return list(counted.order_by("created_at", "pk"))


def notes(study: Study) -> QuerySet[Assignment]:
    """Return what experts noted on classes, by class, then by expert."""
    noted = Assignment.objects.filter(session__study=study, session__kind=SessionKind.EXPERT).exclude(note="")
    related = noted.select_related("session__participant", "task__base_model__dataset")
    return related.order_by("task__position", "pk")


def _line(task: Task, assignment: Assignment | None) -> ClassLine:
    assert task.target_class is not None, "opening a study resolves the target class"
    right = task.base_model.validation_accuracies[task.target_class]
    n_phrases = 0 if assignment is None else assignment.n_phrases  # type: ignore[attr-defined]  # annotated
    best = None if assignment is None else assignment.best  # type: ignore[attr-defined]
    return ClassLine(task, None if right is None else round(100 * (1 - right)), assignment, n_phrases, best)
