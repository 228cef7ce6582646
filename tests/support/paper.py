"""The phrases of the paper's table 3, with scores and accuracies that put each into its list there.

Which phrases were one person's the paper does not say, so the n-th of a list are taken for the n-th person's. Eight
people have no best error score for CelebA there, and none here.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from annotations.analysis.observations.person_tasks import Tried
from annotations.analysis.tables.table3 import PhraseList

LISTS: dict[str, dict[str, list[str]]] = json.loads((Path(__file__).parent / "paper_table_3.json").read_text("utf-8"))
DATA_SETS = tuple(LISTS)  # the tasks, from 1


def papers_phrases() -> list[Tried]:
    """What the paper's 26 people said."""
    return [each for task, lists in enumerate(LISTS.values(), start=1) for each in _of_task(task, lists)]


def _of_task(task: int, lists: dict[str, list[str]]) -> Iterator[Tried]:
    accurate, scored = lists[PhraseList.BEST_ACCURACY], lists[PhraseList.BEST_SCORE]
    for i, text in enumerate(accurate):
        yield Tried(task, f"p{i:02}", text, 0.2 if i < len(scored) else None, 0.6, 15, 9, 1)
    for i, text in enumerate(scored):
        yield Tried(task, f"p{i:02}", text, 0.4, 0.5, 15, 9, 2)
    for i, text in enumerate(lists[PhraseList.OTHERS]):
        yield Tried(task, f"p{i % len(scored):02}", text, 0.1, 0.4, 15, 9, 3)
