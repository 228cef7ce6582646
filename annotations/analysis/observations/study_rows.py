"""What a study's analysis stands on, as plain values: read from the database, or from the files of a release."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.observations.course_steps import Courses
from annotations.analysis.observations.packed_phrases import Packed
from annotations.analysis.observations.person_tasks import Key, PersonTask, RandomDraws, Times, Vocabulary, person_tasks
from annotations.analysis.statistics.kept_gains import kept_gain
from clarify_errors.arrays.retraining.own_gain_intervals import GainInterval

Keyword = tuple[str, str]  # of a machine: the digest of its list, and the score that chose it
BEST_KEYWORDS = 20  # of each ranking; what ranked them wrote all
MOST_TASKS = 100  # whose runs are compared with keywords; of a thousand classes a whole hour would go by
MACHINES_TOP = 10  # keywords by CLIP score, which Bias-to-Text would say (Table 2)


@dataclass(frozen=True)
class RankedList:
    """The best keywords of a list on a task's class, as `KeywordRanking.rows` has them, and their rank.

    n_keywords: in the list; vocabulary_level: what one common word in twenty passes on the class, None until known.
    """

    name: str
    digest: str
    template: str
    n_keywords: int
    best: tuple[dict[str, Any], ...]
    vocabulary_level: float | None = None

    @classmethod
    def of(
        cls, name: str, digest: str, template: str, rows: Sequence[dict[str, Any]], vocabulary_level: float | None
    ) -> Self:
        """Choose the best keywords by either score. rows: of the whole list, by error score."""
        ranked = ({**row, "rank": rank} for rank, row in enumerate(rows, 1))
        best = (
            row for row in ranked if row["rank"] <= BEST_KEYWORDS or row.get("clip_rank", row["rank"]) <= MACHINES_TOP
        )
        return cls(name, digest, template, len(rows), tuple(best), vocabulary_level)


@dataclass(frozen=True)
class TaskFacts:
    """A task and the base model that it shows.

    is_imported: its last layer is not known, so any retraining gives it a new one. base_group: name of its worst group.
    groups: name and accuracy of each, an empty group None; no groups where the data have no names for any.
    control_worst_group: of the retraining without a phrase, None until a run is trained.
    benchmark: rows of the newest finished benchmark of the base model, as `Benchmark.rows` has them. keywords: the
    lists that were ranked on the class.
    """

    position: int
    class_name: str
    dataset: str
    base_model: str
    is_imported: bool
    base_worst_group: float
    control_worst_group: float | None
    base_average: float
    benchmark: tuple[dict[str, Any], ...]
    keywords: tuple[RankedList, ...]
    groups: tuple[tuple[str, float | None], ...] = ()
    base_group: str = ""
    reference_name: str = "the base model"

    @property
    def control_name(self) -> str:
        """What the control is called: predictions that were imported get another last layer by any retraining."""
        return "A new last layer" if self.is_imported else "Control"

    @property
    def title(self) -> str:
        return f"{self.position}. {self.class_name} ({self.dataset})"


@dataclass(frozen=True)
class Counted:
    """How much of one kind there is. is_left_out: nothing of it is in any number; reason: why, or what it means."""

    what: str
    n: int
    is_left_out: bool
    reason: str


@dataclass
class GroupRuns:
    """The runs of one task: what each adds to its control's accuracies, float64[groups], nan of an empty group."""

    control: NDArray[np.float64]
    gains: list[NDArray[np.float64]] = field(default_factory=list)


@dataclass(frozen=True)
class StudyRows:
    """Everything that tables are made of.

    tried: what its people said; experts: what experts said of the same classes of the same base models. vocabularies:
    what common words reach on a task, by its position, where they are scored. at_work: of those assigned, who may still
    say something. draws: of the run of everybody's best phrase, by its score. groups: those runs by group, of the tasks
    whose groups have names. keyword_gains: of a task, what those runs gain over each keyword of a machine, by score.
    """

    slug: str
    title: str
    tasks: tuple[TaskFacts, ...]
    tried: Packed
    experts: Packed
    vocabularies: Mapping[int, Vocabulary]
    conditions: tuple[str, ...]
    condition_of: Mapping[str, str | None]
    assigned: tuple[Key, ...]
    at_work: frozenset[Key]
    courses: Courses
    times: Mapping[Key, Times]
    new_concept_chance: float
    primary_measures: tuple[str, ...]
    counted: tuple[Counted, ...] = ()
    draws: Mapping[int, RandomDraws] = field(default_factory=dict)
    groups: Mapping[int, GroupRuns] = field(default_factory=dict)
    keyword_gains: Mapping[int, Mapping[Keyword, Mapping[int, GainInterval]]] = field(default_factory=dict)


def beside_keywords(
    keywords: Mapping[Keyword, NDArray[np.bool_]],
    runs: Iterable[tuple[Sequence[int], NDArray[np.bool_]]],
    groups: NDArray[np.int64],
) -> dict[Keyword, dict[int, GainInterval]]:
    """Return what runs gain over keywords, by keyword and score.

    Each is given as which of the n test images it gets right, bool[n]; runs: with the scores that they are of.
    """
    found: dict[Keyword, dict[int, GainInterval]] = {keyword: {} for keyword in keywords}
    for scores, right in runs:
        for keyword, beside in keywords.items():
            found[keyword] |= dict.fromkeys(scores, kept_gain(right, beside, groups))
    return found


def people_of(rows: StudyRows, tried: Mapping[Key, Packed]) -> tuple[PersonTask, ...]:
    """Return a row for everybody who was given a task. tried: `rows.tried` by person."""
    controls = {task.position: task.control_worst_group for task in rows.tasks}
    given = (rows.assigned, tried, rows.condition_of, rows.times, controls, rows.at_work)
    return person_tasks(*given, rows.vocabularies, rows.draws)
