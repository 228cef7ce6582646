"""The tables of a study's analysis as types: their definitions with rows. `study_tables` computes the rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Generic, TypeVar, get_args, get_origin, get_type_hints

from annotations.analysis.observations.person_tasks import Basis, PersonTask
from annotations.analysis.observations.study_rows import Counted, TaskFacts
from annotations.analysis.tables.baseline_tables import METHODS, Method
from annotations.analysis.tables.flow_table import FLOW, FlowLine
from annotations.analysis.tables.keyword_splits import KEYWORD_SPLITS, LESS_MACHINE, KeywordSplit, PeopleLessMachine
from annotations.analysis.tables.keyword_tables import AMONG_KEYWORDS, KEYWORDS, Keyword, PhraseAmongKeywords
from annotations.analysis.tables.measure_columns import (
    CONDITIONS,
    GROUP_GAINS,
    NOVELTY,
    PAIRED,
    SATURATION,
    TOTALS,
    Compared,
    GroupGain,
    SaturationPoint,
    TaskNovelty,
    Total,
)
from annotations.analysis.tables.phrase_splits import PANELS, SPLITS, Panel, SplitPart
from annotations.analysis.tables.table3 import TABLE_3, Listed
from annotations.base.tables.columns import Table, worded
from clarify_errors.arrays.phrases.worded_scale import BetterThanGuessing

Row = TypeVar("Row")
Tables = TypeVar("Tables")
SUMMARY: Table[PersonTask] = worded(
    __package__,
    "summary",
    values={"better_than_guessing": BetterThanGuessing, "basis": Basis},
)
_TASK, _PARTICIPANT, *_MEASURES = SUMMARY.columns
_OF_A_STUDY = (  # columns of summary.csv that tell of a study's own people
    *("condition", "active_time", "waiting_time", "wall_time"),
    *("better_than_guessing", "basis", "task_end", "phrase_chosen_on_test"),
)
EXPERTS: Table[PersonTask] = Table(
    "experts.csv",
    "one row per expert and task: what experts reached on the same class of the same base model, here or in a study of "
    "their own",
    "by task, then expert",
    (
        _TASK,
        replace(_PARTICIPANT, name="expert", meaning="pseudonym, made with the key of the study of the visit"),
        *(column for column in _MEASURES if column.name not in _OF_A_STUDY),
    ),
)


@dataclass(frozen=True)
class FilledTable(Generic[Row]):
    """A table's definition and its rows."""

    table: Table[Row]
    rows: Sequence[Row]

    def lines(self) -> Iterator[list[str]]:
        """Yield the header, then the cells of each row, as they stand in the CSV file."""
        return self.table.lines(self.rows)


def definitions(of: type[Any]) -> dict[str, Table[Any]]:
    """Return the definitions of a class's tables, with which its fields are annotated, by the names of these."""
    hints = get_type_hints(of, include_extras=True)
    return {name: get_args(hint)[1] for name, hint in hints.items() if get_origin(hint) is Annotated}


def filled(of: type[Tables], **values: Any) -> Tables:
    """Make a class's tables of their rows. values: of all fields."""
    tables = definitions(of)
    return of(**{name: FilledTable(tables[name], each) if name in tables else each for name, each in values.items()})


@dataclass(frozen=True)
class StudyTables:
    """Everything that the page shows and a release holds. missing: why images cannot be read, where they cannot.

    Each table is annotated with its definition: what is stored are the rows alone.
    """

    slug: str
    title: str
    tasks: tuple[TaskFacts, ...]
    conditions_of_study: tuple[str, ...]
    flow: Annotated[FilledTable[FlowLine], FLOW]
    people: Annotated[FilledTable[PersonTask], SUMMARY]
    totals: Annotated[FilledTable[Total], TOTALS]
    experts: Annotated[FilledTable[PersonTask], EXPERTS]
    methods: Annotated[FilledTable[Method], METHODS]
    keywords: Annotated[FilledTable[Keyword], KEYWORDS]
    among_keywords: Annotated[FilledTable[PhraseAmongKeywords], AMONG_KEYWORDS]
    keyword_splits: Annotated[FilledTable[KeywordSplit], KEYWORD_SPLITS]
    less_machine: Annotated[FilledTable[PeopleLessMachine], LESS_MACHINE]
    table_3: Annotated[FilledTable[Listed], TABLE_3]
    splits: Annotated[FilledTable[SplitPart], SPLITS]
    panels: Annotated[FilledTable[Panel], PANELS]
    saturation: Annotated[FilledTable[SaturationPoint], SATURATION]
    novelty: Annotated[FilledTable[TaskNovelty], NOVELTY]
    group_gains: Annotated[FilledTable[GroupGain], GROUP_GAINS]
    conditions: Annotated[FilledTable[Compared], CONDITIONS]
    paired: Annotated[FilledTable[Compared], PAIRED]
    counted: tuple[Counted, ...]
    missing: tuple[str, ...]

    @property
    def all(self) -> tuple[FilledTable[Any], ...]:
        """Every table, in the order of a release."""
        return tuple(value for value in vars(self).values() if isinstance(value, FilledTable))
