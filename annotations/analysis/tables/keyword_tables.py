"""Words from a machine beside words from people: keywords, and where people's phrases stand among them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from annotations.analysis.observations.study_rows import BEST_KEYWORDS, MACHINES_TOP, RankedList, TaskFacts
from annotations.analysis.observations.task_concepts import words_of
from annotations.models import BaseModel, KeywordRanking, Score
from annotations.readings.datasets.class_images import class_images
from annotations.readings.releases.moderated_words import HIDDEN
from annotations.tables.columns import Boolean, Count, Integer, Number, Says, Share, Table, Text, declared
from annotations.tables.shared import COUNT, FROM_1, SCORE, SHARE, TASK, field
from modeling.arrays.common.modeling_errors import ModelingError
from modeling.arrays.keywords.keyword_ranking import clip_scores, subgroup_accuracy
from modeling.arrays.keywords.stored_captions import open_captions

_CAPTIONED = "images whose caption has these words; empty without captions"
_CLIP = "Bias-to-Text's: 100 times the mean similarity of wrong images less that of correct ones"


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

    task: Annotated[int, TASK]
    class_name: Annotated[str, Says("the task's class", name="class")]
    list: Annotated[str, Says("name of the list")]
    list_digest: Annotated[str, Says("SHA-256 of template and keywords, one a line")]
    n_keywords: Annotated[int, Says("keywords in the list", name="list_keywords", **COUNT)]
    phrase: Annotated[str, Says("one of people's best by error score")]
    error_score: Annotated[float, Says("on the validation images", **SCORE)]
    clip_score: Annotated[float, Says(_CLIP)]
    n_captioned: Annotated[int | None, Says(f"validation {_CAPTIONED}", **COUNT)]
    subgroup_accuracy: Annotated[float | None, Says("share of these that are right", **SHARE)]
    error_rank: Annotated[int, Says("its rank among the keywords by error score", **FROM_1)]
    clip_rank: Annotated[int, Says("its rank among the keywords by CLIP score", **FROM_1)]
    same_rank: Annotated[int | None, Says("by error score, of the keyword with the same words", **FROM_1)]
    same_clip_rank: Annotated[int | None, Says("its rank by CLIP score", **FROM_1)]

    @property
    def is_in_top(self) -> bool:
        """Whether the machine says the same among its top 10 by CLIP score, as Bias-to-Text recommends them."""
        return self.same_clip_rank is not None and self.same_clip_rank <= MACHINES_TOP


def _cell_of(name: str) -> Callable[[Keyword], Any]:
    return lambda keyword: keyword.row.get(name)


KEYWORDS: Table[Keyword] = Table(
    "keywords.csv",
    "one row per task, list and keyword: of each list that manage.py rank_keywords ranked on the task's class the best "
    f"{BEST_KEYWORDS} by error score and the best {MACHINES_TOP} by CLIP score; no person said them",
    "by task, list, then rank",
    (
        TASK,
        Text("list", "name of the list", field("ranked.name")),
        Text("list_digest", "SHA-256 of template and keywords, one a line", field("ranked.digest")),
        Count("list_keywords", "keywords in the list", field("ranked.n_keywords")),
        Text("text_template", "what a keyword was put into", field("ranked.template")),
        Integer("rank", "by error score", **FROM_1),
        Text("keyword", "the keyword", _cell_of("keyword")),
        Integer("sign", "-1 where the keyword is a negation", _cell_of("sign"), range="-1, 1"),
        Number("error_score", "as of a phrase, on the validation images", _cell_of("error_score"), **SCORE),
        Number("threshold", "of the error score; empty where that is 0", _cell_of("threshold"), unit="cosine"),
        Number("p_value", "of this keyword alone", _cell_of("p_value"), **SCORE),
        Number(
            "adjusted_p",
            "probability that the best of the whole list reaches this score by chance",
            _cell_of("adjusted_p"),
            computed="the list scored again with permuted labels, from a fixed seed",
            **SCORE,
        ),
        Number(
            "null_level",
            "error score that the best of the whole list stays at or below by chance",
            _cell_of("null_level"),
            computed="the same permutations, in 95% of them",
            **SCORE,
        ),
        Number("clip_score", _CLIP, _cell_of("clip_score")),
        Integer("clip_rank", "by CLIP score", **FROM_1),
        Count("n_captioned", f"validation {_CAPTIONED}", _cell_of("n_captioned")),
        Share("subgroup_accuracy", "share of these that are right", _cell_of("subgroup_accuracy")),
        Number(
            "vocabulary_level",
            "error score that one common word in twenty passes on this class; empty where they are not scored",
            field("ranked.vocabulary_level"),
            **SCORE,
        ),
    ),
)

AMONG_KEYWORDS: Table[PhraseAmongKeywords] = Table(
    "phrases_among_keywords.csv",
    "one row per task, list and phrase: where people's best phrases stand among the keywords of a list",
    "by task, list, then error score",
    (
        *declared(PhraseAmongKeywords),
        Boolean("is_in_top", f"whether that is in the machine's top {MACHINES_TOP}"),
    ),
)


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
