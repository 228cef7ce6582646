"""Words from a machine beside words from people: keywords, and where people's phrases stand among them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from annotations.analysis.observations.study_rows import MACHINES_TOP, RankedList, TaskFacts
from annotations.analysis.observations.task_concepts import words_of
from annotations.models import BaseModel, KeywordRanking, Score
from annotations.readings.datasets.class_images import class_images
from annotations.readings.releases.moderated_words import HIDDEN
from annotations.tables.columns import Table
from annotations.tables.worded_tables import worded
from modeling.arrays.common.modeling_errors import ModelingError
from modeling.arrays.keywords.keyword_ranking import clip_scores, subgroup_accuracy
from modeling.arrays.keywords.stored_captions import open_captions


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


def _cell_of(name: str) -> Callable[[Keyword], Any]:
    return lambda keyword: keyword.row.get(name)


_OF_ROW = (
    *("keyword", "sign", "error_score", "threshold", "p_value", "adjusted_p", "null_level", "clip_score"),
    *("n_captioned", "subgroup_accuracy"),
)
KEYWORDS: Table[Keyword] = worded(__package__, "keywords", {name: _cell_of(name) for name in _OF_ROW})
AMONG_KEYWORDS: Table[PhraseAmongKeywords] = worded(__package__, "phrases_among_keywords")


def keywords(tasks: Iterable[TaskFacts]) -> Iterator[Keyword]:
    """Yield the rows of `KEYWORDS`."""
    for task in tasks:
        for ranked in task.keywords:
            for row in ranked.best:
                yield Keyword(task.position, ranked, row["rank"], row)


def among_keywords(task: int, score: Score, words: str) -> Iterator[PhraseAmongKeywords]:
    """Yield where a phrase stands in each list that is ranked on its class. words: as they may be said.

    score: with its phrase's task, base model and data set. Raises BadDataset, BadArray.
    """
    shown = score.phrase.assignment.task
    base_model, label = shown.base_model, shown.target_class
    assert label is not None, "a task with phrases has a class"
    text = "" if words == HIDDEN else score.phrase.text  # a keyword that says the same would tell it
    images = class_images(base_model, label)
    signed = score.sign * score.similarity_array
    clip_score = float(clip_scores(signed[None], images.is_error)[0])
    for ranking in KeywordRanking.objects.filter(base_model=base_model, target_class=label):
        captions = _captions(base_model, ranking)
        said = None if captions is None or not text else [captions[row] for row in images.rows]
        n, accuracy = (None, None) if said is None else subgroup_accuracy(text, said, images.is_error)
        same = next((i for i, row in enumerate(ranking.rows) if _joined(row["keyword"]) == _joined(text)), None)
        yield PhraseAmongKeywords(
            task=task,
            class_name=shown.class_name,
            list=ranking.list_name,
            list_digest=ranking.list_digest,
            n_keywords=ranking.n_keywords,
            phrase=words,
            error_score=score.value,
            clip_score=clip_score,
            n_captioned=n,
            subgroup_accuracy=accuracy,
            error_rank=1 + sum(row["error_score"] > score.value for row in ranking.rows),
            clip_rank=1 + sum(row["clip_score"] > clip_score for row in ranking.rows),
            same_rank=None if same is None else same + 1,
            same_clip_rank=None if same is None else ranking.rows[same].get("clip_rank"),
        )


def _joined(text: str) -> str:
    """What a text says, whether it writes as one word or as two: "a water-bird" and "waterbirds" say the same."""
    return words_of(text).replace(" ", "")


def _captions(base_model: BaseModel, ranking: KeywordRanking) -> Sequence[str] | None:
    """The captions that a list was ranked with; None where there were none, or others are kept by now."""
    used = ranking.settings.get("captions")
    if not used:
        return None
    try:
        found = open_captions(base_model.dataset.files, used["name"])
    except ModelingError:
        return None
    return found.captions if found.digest == used["sha256"] else None
