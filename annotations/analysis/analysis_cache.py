"""A study's analysis, made again only after something changed."""

import time
from dataclasses import dataclass
from functools import lru_cache

from annotations.analysis.concepts.concept_tables import ConceptTables, concept_tables
from annotations.analysis.observations.study_fingerprint import state_of
from annotations.analysis.tables.study_tables import StudyTables, study_tables
from annotations.models import Study

_KEPT = 4  # analyses of each kind that a process remembers: of studies, and of concepts of some tasks of one
MANY = 20_000  # rows of table 3: with more, a page that follows a study is content with an analysis of a while ago
REST_S = 30.0

_followed: dict[int, "Followed"] = {}


@dataclass(frozen=True)
class Followed:
    """An analysis, what it was made of (`state_of`), and until when a page that follows the study shows it."""

    state: str
    tables: StudyTables
    until: float


def latest_tables(study: Study) -> StudyTables:
    """Return what `study_tables` does; the same object while `state_of` the study is the same."""
    return _tables(study.pk, state_of(study))


def followed(study: Study) -> Followed:
    """Return the latest analysis; of a study with many phrases one that is at most REST_S old.

    A page asks every few seconds, and while a large study runs something has always changed.
    """
    known = _followed.get(study.pk)
    if known is not None and time.monotonic() < known.until:
        return known
    state = state_of(study)
    tables = _tables(study.pk, state)
    rest = REST_S if len(tables.table_3.rows) > MANY else 0.0
    while len(_followed) >= _KEPT:
        _followed.pop(next(iter(_followed)))
    latest = _followed[study.pk] = Followed(state, tables, time.monotonic() + rest)
    return latest


@lru_cache(maxsize=_KEPT)
def _tables(study_id: int, state: str) -> StudyTables:
    return study_tables(Study.objects.get(pk=study_id))


def latest_concepts(study: Study, positions: tuple[int, ...] | None = None) -> ConceptTables:
    """Return what `concept_tables` does; the same object while `state_of` the study is the same."""
    return _concepts(study.pk, state_of(study), positions)


@lru_cache(maxsize=_KEPT)
def _concepts(study_id: int, state: str, positions: tuple[int, ...] | None) -> ConceptTables:
    return concept_tables(Study.objects.get(pk=study_id), positions)


def clear() -> None:
    """Forget all analyses, as a new process would."""
    _tables.cache_clear()
    _concepts.cache_clear()
    _followed.clear()
