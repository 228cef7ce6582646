"""What an expert sees of a study's classes, and how far each expert is."""

from dataclasses import dataclass

from django.db.models import Count, Max, Q

from annotations.models import AnnotationSession, Assignment, AssignmentState, SessionKind, Study, Task


@dataclass(frozen=True)
class ClassLine:
    """One class that an expert can do. share_wrong: of its validation images, 0 to 1, None where there is none.

    best: the highest error score of the expert's phrases, None without one.
    """

    task: Task
    share_wrong: float | None
    assignment: Assignment | None
    n_phrases: int
    best: float | None

    @property
    def is_running(self) -> bool:
        return self.assignment is not None and self.assignment.state == AssignmentState.ACTIVE

    @property
    def is_done(self) -> bool:
        return self.assignment is not None and self.assignment.state == AssignmentState.ENDED


@dataclass(frozen=True)
class Expert:
    """One expert of a study, under the pseudonym."""

    visit: AnnotationSession
    n_begun: int
    n_done: int
    n_phrases: int


def class_lines(session: AnnotationSession) -> list[ClassLine]:
    """Return every class of the study with what the expert did in it, in the order of the study's tasks."""
    mine = session.assignments.annotate(n_phrases=Count("phrases"), best=Max("phrases__score__value"))
    by_task = {assignment.task_id: assignment for assignment in mine.order_by()}
    tasks = session.study.tasks.with_base_models().order_by("position")
    return [_line(task, by_task.get(task.pk)) for task in tasks]


def experts(study: Study) -> list[Expert]:
    """Return the study's experts, the first to come first."""
    visits = study.sessions.filter(kind=SessionKind.EXPERT).select_related("participant")
    counted = visits.annotate(
        n_begun=Count("assignments", distinct=True),
        n_done=Count("assignments", filter=Q(assignments__state=AssignmentState.ENDED), distinct=True),
        n_phrases=Count("assignments__phrases", distinct=True),
    )
    numbers = counted.order_by("created_at", "pk").values_list("pk", "n_begun", "n_done", "n_phrases")
    by_id = visits.in_bulk()
    return [Expert(by_id[pk], begun, done, phrases) for pk, begun, done, phrases in numbers]


def _line(task: Task, assignment: Assignment | None) -> ClassLine:
    assert task.target_class is not None, "opening a study resolves the target class"
    right = task.base_model.validation_accuracies[task.target_class]
    n_phrases = 0 if assignment is None else assignment.n_phrases  # type: ignore[attr-defined]  # annotated
    best = None if assignment is None else assignment.best  # type: ignore[attr-defined]
    return ClassLine(task, None if right is None else 1 - right, assignment, n_phrases, best)
