"""The tables of a study's analysis as types: their definitions with rows. `study_tables` computes the rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from annotations.analysis.observations.exclusion_counts import Counted
from annotations.analysis.observations.group_runs import GroupGains
from annotations.analysis.observations.person_tasks import PersonTask
from annotations.analysis.observations.study_rows import TaskFacts
from annotations.analysis.tables import study_columns as columns
from annotations.analysis.tables.baseline_tables import METHODS, Method
from annotations.analysis.tables.comparison_columns import CONDITIONS, PAIRED, TOTALS, Compared, Total
from annotations.analysis.tables.flow_table import FLOW, FlowLine
from annotations.analysis.tables.keyword_splits import KEYWORD_SPLITS, LESS_MACHINE, KeywordSplit, PeopleLessMachine
from annotations.analysis.tables.keyword_tables import AMONG_KEYWORDS, KEYWORDS, Keyword, PhraseAmongKeywords
from annotations.analysis.tables.phrase_splits import Panel, SplitPart
from annotations.analysis.tables.saturation_columns import NOVELTY, SATURATION, SaturationPoint, TaskNovelty
from annotations.analysis.tables.table3 import Listed
from annotations.tables.columns import Table

Row = TypeVar("Row")


@dataclass(frozen=True)
class FilledTable(Generic[Row]):
    """A table's definition and its rows."""

    table: Table[Row]
    rows: Sequence[Row]

    def lines(self) -> Iterator[list[str]]:
        """Yield the header, then the cells of each row, as they stand in the CSV file."""
        return self.table.lines(self.rows)


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
    people: Annotated[FilledTable[PersonTask], columns.SUMMARY]
    totals: Annotated[FilledTable[Total], TOTALS]
    experts: Annotated[FilledTable[PersonTask], columns.EXPERTS]
    methods: Annotated[FilledTable[Method], METHODS]
    keywords: Annotated[FilledTable[Keyword], KEYWORDS]
    among_keywords: Annotated[FilledTable[PhraseAmongKeywords], AMONG_KEYWORDS]
    keyword_splits: Annotated[FilledTable[KeywordSplit], KEYWORD_SPLITS]
    less_machine: Annotated[FilledTable[PeopleLessMachine], LESS_MACHINE]
    table_3: Annotated[FilledTable[Listed], columns.TABLE_3]
    splits: Annotated[FilledTable[SplitPart], columns.SPLITS]
    panels: Annotated[FilledTable[Panel], columns.PANELS]
    saturation: Annotated[FilledTable[SaturationPoint], SATURATION]
    novelty: Annotated[FilledTable[TaskNovelty], NOVELTY]
    conditions: Annotated[FilledTable[Compared], CONDITIONS]
    paired: Annotated[FilledTable[Compared], PAIRED]
    counted: tuple[Counted, ...]
    missing: tuple[str, ...]
    group_gains: tuple[GroupGains, ...]

    @property
    def all(self) -> tuple[FilledTable[Any], ...]:
        """Every table, in the order of a release."""
        return tuple(value for value in vars(self).values() if isinstance(value, FilledTable))
