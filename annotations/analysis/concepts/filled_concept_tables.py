"""The tables of a study's concepts with their rows."""

from dataclasses import dataclass
from typing import Annotated, Any

from annotations.analysis.concepts.concept_columns import (
    CONCEPTS,
    MAP,
    TOGETHER,
    UNNAMED,
    ConceptRow,
    Place,
    TogetherRow,
    UnnamedRow,
)
from annotations.analysis.observations.study_rows import TaskFacts
from annotations.analysis.tables.filled_tables import FilledTable


@dataclass(frozen=True)
class ConceptTables:
    """missing: why there is less than there could be, in sentences. numbers: of each phrase's concept, by its id."""

    slug: str
    tasks: tuple[TaskFacts, ...]
    concepts: Annotated[FilledTable[ConceptRow], CONCEPTS]
    together: Annotated[FilledTable[TogetherRow], TOGETHER]
    map: Annotated[FilledTable[Place], MAP]
    unnamed: Annotated[FilledTable[UnnamedRow], UNNAMED]
    missing: tuple[str, ...]
    numbers: dict[int, int]

    @property
    def all(self) -> tuple[FilledTable[Any], ...]:
        return self.concepts, self.together, self.map, self.unnamed
