"""Words from a machine beside words from people: keywords, and where people's phrases stand among them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.observations.study_rows import MACHINES_TOP, RankedList, TaskFacts
from annotations.analysis.observations.task_concepts import words_of
from annotations.analysis.tables.keyword_splits import ShownClass, Words
from annotations.base.tables.columns import Table, worded
from clarify_errors.arrays.keywords.keyword_ranking import clip_scores, subgroup_accuracy


@dataclass(frozen=True)
class Keyword:
    """One of the best keywords of a list on a task's class. rank: from 1; row: as `KeywordRanking.rows` has it."""

    task: int
    ranked: RankedList
    rank: int
    row: dict[str, Any]

    @property
    def clip_rank(self) -> int | None:
        """Its rank by CLIP score; None of a ranking of an earlier version."""
        return self.row.get("clip_rank")


@dataclass(frozen=True)
class PhraseAmongKeywords:
    """Where one of people's best phrases on a task stands among the keywords of a list.

    error_rank, clip_rank: what it would have by either score; same_rank, same_clip_rank: those of the keyword that has
    the same words, None where no keyword has.
    """

    task: int
    class_name: str
    list: str
    list_digest: str
    n_keywords: int
    phrase: str
    error_score: float
    clip_score: float
    n_captioned: int | None
    subgroup_accuracy: float | None
    error_rank: int
    clip_rank: int
    same_rank: int | None
    same_clip_rank: int | None

    @property
    def is_in_top(self) -> bool:
        """Whether the machine says the same among its top 10 by CLIP score, as Bias-to-Text recommends them."""
        return self.same_clip_rank is not None and self.same_clip_rank <= MACHINES_TOP


KEYWORDS: Table[Keyword] = worded(__package__, "keywords")
AMONG_KEYWORDS: Table[PhraseAmongKeywords] = worded(__package__, "phrases_among_keywords")


def keywords(tasks: Iterable[TaskFacts]) -> Iterator[Keyword]:
    """Yield the rows of `KEYWORDS`."""
    for task in tasks:
        for ranked in task.keywords:
            for row in ranked.best:
                yield Keyword(task.position, ranked, row["rank"], row)


@dataclass(frozen=True, eq=False, kw_only=True)
class Said(Words):
    """A scored phrase. typed: its words, empty where the staff hid them: a keyword that says the same would tell them.

    similarities: to the m validation images of the class; on_test: of a task's best phrase alone. plain_average: share
    of all test images that its retraining gets right.
    """

    typed: str
    error_score: float
    similarities: NDArray[np.float32]
    plain_average: float | None = None

    @property
    def signed(self) -> NDArray[np.float32]:
        return np.float32(self.sign) * self.similarities


@dataclass(frozen=True, eq=False)
class Ranking:
    """A whole list on a class. rows: as `KeywordRanking.rows`; retrained: its first keywords that were retrained with.

    captions: of the class's validation images, those that the list was ranked with; None where there are none.
    """

    name: str
    digest: str
    rows: Sequence[Mapping[str, Any]]
    retrained: Sequence[Words] = ()
    captions: Sequence[str] | None = None


def among_keywords(shown: ShownClass, ranking: Ranking, said: Said) -> PhraseAmongKeywords:
    """Return where a phrase stands in a list."""
    clip_score = float(clip_scores(said.signed[None], shown.is_error)[0])
    n, accuracy = None, None
    if ranking.captions is not None and said.typed:
        n, accuracy = subgroup_accuracy(said.typed, ranking.captions, shown.is_error)
    same = next((i for i, row in enumerate(ranking.rows) if _joined(row["keyword"]) == _joined(said.typed)), None)
    return PhraseAmongKeywords(
        task=shown.task,
        class_name=shown.class_name,
        list=ranking.name,
        list_digest=ranking.digest,
        n_keywords=len(ranking.rows),
        phrase=said.words,
        error_score=said.error_score,
        clip_score=clip_score,
        n_captioned=n,
        subgroup_accuracy=accuracy,
        error_rank=1 + sum(row["error_score"] > said.error_score for row in ranking.rows),
        clip_rank=1 + sum(row["clip_score"] > clip_score for row in ranking.rows),
        same_rank=None if same is None else same + 1,
        same_clip_rank=None if same is None else ranking.rows[same].get("clip_rank"),
    )


def _joined(text: str) -> str:
    """What a text says, whether it writes as one word or as two: "a water-bird" and "waterbirds" say the same."""
    return words_of(text).replace(" ", "")
