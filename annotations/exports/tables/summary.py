"""What participants reached on each task: their best error score and what retraining with those words gives."""

from collections.abc import Sequence
from dataclasses import dataclass

from annotations.analysis.observations.packed_phrases import by_person
from annotations.analysis.observations.person_tasks import PersonTask
from annotations.analysis.observations.study_rows import people_kind, people_of, read_rows
from annotations.analysis.statistics.estimate_types import Spread, spread
from annotations.analysis.tables.estimands import ESTIMANDS, Over
from annotations.analysis.tables.flow_table import FlowLine, flow_lines
from annotations.models import Study
from annotations.readings.monitoring.person_courses import courses


@dataclass(frozen=True)
class TaskSummary:
    """One task: its participants in the order of their pseudonyms, beside the base model they were shown."""

    task: int
    class_name: str
    base_model: str
    base_worst_group_accuracy: float
    control_name: str
    participants: tuple[PersonTask, ...]

    @property
    def control_worst_group(self) -> float | None:
        """Of the task's control, None until a run is trained."""
        return next((row.control_worst_group for row in self.participants), None)

    def spread(self, measure: str, over: Over) -> Spread:
        """Return the spread of one of `ESTIMANDS` over the participants. Raises StopIteration for any other."""
        estimand = next(each for each in ESTIMANDS if (each.measure, each.over) == (measure, over))
        return spread(map(estimand.of, self.participants))

    @property
    def best_error_score(self) -> Spread:
        return self.spread("best_error_score", Over.WITH_SCORE)

    @property
    def own_gain(self) -> Spread:
        return self.spread("own_gain", Over.ALLOCATED)

    @property
    def worst_group_accuracy(self) -> Spread:
        return self.spread("worst_group_accuracy", Over.ALLOCATED)

    @property
    def worst_group_accuracy_chosen_on_test(self) -> Spread:
        return self.spread("worst_group_accuracy_chosen_on_test", Over.WITH_ANY_RUN)


@dataclass(frozen=True)
class StudySummary:
    """The tasks of a study in their order."""

    tasks: tuple[TaskSummary, ...]


def summarise(study: Study) -> StudySummary:
    """Summarise a study from its phrases and runs as they are now, by the analysis that its results page shows."""
    rows = read_rows(study)
    return summary_of(study, people_of(rows, by_person(rows.tried)))


def summary_of(study: Study, people: Sequence[PersonTask]) -> StudySummary:
    """Sort what `person_tasks` made of a study by its tasks."""
    by_task: dict[int, list[PersonTask]] = {}
    for row in people:
        by_task.setdefault(row.task, []).append(row)
    return StudySummary(
        tuple(
            TaskSummary(
                task=task.position,
                class_name=task.class_name,
                base_model=task.base_model.name,
                control_name=task.base_model.control_name,
                base_worst_group_accuracy=task.base_model.test_metrics["worst_group"],
                participants=tuple(by_task.get(task.position, ())),
            )
            for task in study.tasks.with_base_models()
        )
    )


def flow_of(study: Study, summary: StudySummary) -> tuple[FlowLine, ...]:
    """Return who is counted in a summary that was made of the same rows."""
    rows = [row for task in summary.tasks for row in task.participants]
    return flow_lines(courses(study, people_kind(study)), rows, [task.task for task in summary.tasks])
