"""Table 2 as the results page shows it: what a machine recommends, and what people said, a list a block."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from annotations.analysis.observations.study_rows import MACHINES_TOP, RankedList, TaskFacts
from annotations.analysis.tables.filled_tables import StudyTables
from annotations.analysis.tables.keyword_tables import Keyword, PhraseAmongKeywords


@dataclass(frozen=True)
class KeywordTable:
    """One list on a task's class: its best by error score, its top by CLIP score, and people's best phrases."""

    title: str
    ranked: RankedList
    best: Keyword
    top: list[Keyword]
    phrases: list[PhraseAmongKeywords]


def keyword_tables(tables: StudyTables, tasks: Iterable[TaskFacts]) -> Iterator[KeywordTable]:
    """Yield a table for each list of each task."""
    for task in tasks:
        of_task = [row for row in tables.keywords.rows if row.task == task.position]
        for ranked in {row.ranked.digest: row.ranked for row in of_task}.values():
            keywords = [row for row in of_task if row.ranked.digest == ranked.digest]
            top = sorted((row for row in keywords if row.clip_rank), key=lambda row: row.clip_rank or 0)[:MACHINES_TOP]
            same = (task.position, ranked.digest)
            phrases = [row for row in tables.among_keywords.rows if (row.task, row.list_digest) == same]
            best = min(keywords, key=lambda row: row.rank)
            yield KeywordTable(f"{task.title}: {ranked.name}", ranked, best, top, phrases)


def top_sentence(tables: StudyTables) -> str:
    """Say for how many classes the machine's top has what people say best; nothing where no list was ranked."""
    best: dict[tuple[int, str], PhraseAmongKeywords] = {}
    for row in tables.among_keywords.rows:  # the best phrase of a task comes first
        best.setdefault((row.task, row.list_digest), row)
    if not best:
        return ""
    tasks = {task for task, _ in best}
    found = {row.task for row in best.values() if row.is_in_top}
    first = {row.task for row in best.values() if row.same_clip_rank == 1}
    said = "the same words as people’s best phrase"
    if len(tasks) == 1:
        is_not = "" if found else " not"
        where = "as its first keyword" if first else f"among its top {MACHINES_TOP} keywords"
        return f"The machine has{is_not} {said} {where}."
    return (
        f"The machine has {said} among its top {MACHINES_TOP} keywords for {len(found):,} of {len(tasks):,} classes, "
        f"and as its first for {len(first):,}. Any list counts."
    )
