"""Table 2 as the results page shows it: what a machine recommends, and what people said, a list a block."""

from collections.abc import Iterable, Iterator, Sequence

from annotations.admin.common.number_formats import NONE, p_value, percent, score
from annotations.analysis.observations.study_rows import MACHINES_TOP, TaskFacts
from annotations.analysis.tables.filled_tables import StudyTables
from annotations.analysis.tables.keyword_tables import Keyword, PhraseAmongKeywords

Cells = tuple[object, ...]  # of a row: rank by CLIP score, words, whose, CLIP score, subgroup, error score, its rank
WordsTable = tuple[str, str, list[Cells]]  # title, what the list has to show, rows


def words_tables(tables: StudyTables, tasks: Iterable[TaskFacts]) -> list[WordsTable]:
    """Return a table for each list of each task: its title, what it has to show, keywords with best phrases below."""
    return [
        _table(task, of_list, [row for row in tables.among_keywords.rows if _is_same(row, of_list[0])])
        for task in tasks
        for of_list in _by_list(row for row in tables.keywords.rows if row.task == task.position)
    ]


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
    said = "the same words as people's best phrase"
    if len(tasks) == 1:
        is_not = "" if found else " not"
        where = "as its first keyword" if first else f"among its top {MACHINES_TOP} keywords"
        return f"The machine has{is_not} {said} {where}."
    return (
        f"The machine has {said} among its top {MACHINES_TOP} keywords for {len(found):,} of {len(tasks):,} classes, "
        f"and as its first for {len(first):,}. Any list counts."
    )


def _is_same(row: PhraseAmongKeywords, keyword: Keyword) -> bool:
    return (row.task, row.list_digest) == (keyword.task, keyword.ranked.digest)


def _by_list(rows: Iterable[Keyword]) -> Iterator[list[Keyword]]:
    lists: dict[str, list[Keyword]] = {}
    for row in rows:
        lists.setdefault(row.ranked.digest, []).append(row)
    yield from lists.values()


def _table(task: TaskFacts, keywords: Sequence[Keyword], phrases: Sequence[PhraseAmongKeywords]) -> WordsTable:
    ranked, best = keywords[0].ranked, min(keywords, key=lambda row: row.rank)
    level = ranked.vocabulary_level
    unrelated = best.row.get("null_level")  # a ranking of an earlier version has none
    beside = (
        "" if unrelated is None else f"; the best of as many unrelated words exceeds {score(unrelated)} in 5% of cases"
    )
    beside += "" if level is None else f"; one common word in twenty passes {score(level)}"
    p = p_value(best.row["adjusted_p"])
    chance = f"p {p if p.startswith('<') else f'= {p}'}"
    top = sorted((row for row in keywords if row.clip_rank), key=lambda row: row.clip_rank or 0)[:MACHINES_TOP]
    said = (
        f"By error score the best of {ranked.n_keywords:,} is “{best.row['keyword']}”, with "
        f"{score(best.row['error_score'])} ({chance} for the best of so many{beside})."
    )
    return f"{task.title}: {ranked.name}", said, [*map(_machine_row, top), *map(_people_row, phrases)]


def _machine_row(row: Keyword) -> Cells:
    of = row.row
    subgroup = _subgroup(of.get("n_captioned"), of.get("subgroup_accuracy"))
    clip_score, error_score = _two(of["clip_score"]), score(of["error_score"])
    return row.clip_rank, of["keyword"], "machine", clip_score, subgroup, error_score, row.rank


def _people_row(row: PhraseAmongKeywords) -> Cells:
    """In brackets what a phrase would have."""
    subgroup = _subgroup(row.n_captioned, row.subgroup_accuracy)
    clip_score, ranks = _two(row.clip_score), (f"({row.clip_rank})", f"({row.error_rank})")
    return ranks[0], row.phrase, "people", clip_score, subgroup, score(row.error_score), ranks[1]


def _two(clip_score: float) -> str:
    return f"{clip_score:z.2f}"


def _subgroup(n: int | None, accuracy: float | None) -> str:
    """As in Table 2, but without a number where no caption has the words (Bias-to-Text prints 0 then)."""
    return NONE if n is None else f"{percent(accuracy)} (N={n:,})" if n else "no caption has it"
