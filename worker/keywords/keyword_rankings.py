"""Ranks a list of keywords on the classes of a base model, as people's phrases are scored."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.models import BaseModel, KeywordRanking
from annotations.readings.datasets.class_images import class_images
from annotations.services import stored_rankings
from modeling.arrays.common.modeling_errors import NothingToSeparate
from modeling.arrays.common.progress import Progress
from modeling.arrays.datasets.dataset_files import Split
from modeling.arrays.embeddings.similarity import similarities
from modeling.arrays.keywords.keyword_ranking import RankedKeyword, rank_keywords
from modeling.arrays.keywords.stored_captions import StoredCaptions
from worker.common import process_cache
from worker.common.library_versions import library_versions
from worker.keywords.keyword_lists import BadKeywordList, KeywordList, ListOfClass

PERMUTATIONS, SEED = 1_000, 0


@dataclass(frozen=True)
class ClassRanking:
    """A class's ranking, the best first. n_correct, n_error: validation images; why_not: why there is no ranking.

    words: what was ranked; stored: where that is kept.
    """

    target_class: int
    n_correct: int
    n_error: int
    ranked: tuple[RankedKeyword, ...] = ()
    why_not: str = ""
    words: KeywordList | None = None
    stored: KeywordRanking | None = None

    @property
    def best(self) -> tuple[float, float]:
        """p of the list and error score of its best keyword; NaN without a ranking."""
        return (self.ranked[0].adjusted_p, self.ranked[0].error_score.value) if self.ranked else (math.nan, math.nan)


def rank_classes(
    base_model: BaseModel,
    classes: Sequence[int],
    list_of: ListOfClass,
    captions: StoredCaptions | None,
    *,
    permutations: int = PERMUTATIONS,
    seed: int = SEED,
    progress: Progress,
) -> Iterator[ClassRanking]:
    """Rank a list on each class and store what is found; yields a class's ranking once it is stored.

    A class has the same ranking alone as among others. Raises EncoderUnavailable, BadDataset, BadArray,
    KeywordSourceFailed.
    """
    made_with = settings(base_model, permutations, seed, captions)
    embedded: dict[str, NDArray[np.float32]] = {}  # of the last list, which many classes may have
    progress("ranking", 0, len(classes))
    for done, target_class in enumerate(classes, 1):
        ranking = _rank(base_model, target_class, list_of, captions, embedded, permutations, seed)
        if ranking.ranked:
            ranking = replace(ranking, stored=_store(base_model, ranking, made_with))
        progress("ranking", done, len(classes))
        yield ranking


def keyword_rows(ranking: ClassRanking) -> list[dict[str, Any]]:
    """The rows of a ranking, the best first, as `KeywordRanking.rows` has them."""
    words = ranking.words
    said = dict(zip(words.keywords, words.read, strict=True)) if words else {}
    by_clip = sorted(ranking.ranked, key=lambda row: -row.clip_score)
    clip_rank = {row.keyword: rank for rank, row in enumerate(by_clip, 1)}
    return [
        {
            "keyword": row.keyword,
            "text": said[row.keyword].text,
            "sign": said[row.keyword].sign,
            "error_score": row.error_score.value,
            "threshold": row.error_score.threshold,
            "p_value": row.error_score.p_value,
            "adjusted_p": row.adjusted_p,
            "null_level": row.null_level,
            "clip_score": row.clip_score,
            "clip_rank": clip_rank[row.keyword],
            "n_captioned": row.n_captioned,
            "subgroup_accuracy": row.subgroup_accuracy,
        }
        for row in ranking.ranked
    ]


def settings(base_model: BaseModel, permutations: int, seed: int, captions: StoredCaptions | None) -> dict[str, Any]:
    """What a ranking rests on beside its list: enough to compute it again."""
    dataset = base_model.dataset
    return {
        "dataset": str(dataset),
        "dataset_digest": dataset.digest,
        "base_model": base_model.name,
        "split": Split.VALIDATION.word,
        "encoder": dataset.files.manifest.encoder_of("similarity"),
        "captions": captions and captions.record,
        "permutations": permutations,
        "seed": seed,
        "versions": library_versions(),
    }


def _rank(
    base_model: BaseModel,
    target_class: int,
    list_of: ListOfClass,
    captions: StoredCaptions | None,
    embedded: dict[str, NDArray[np.float32]],
    permutations: int,
    seed: int,
) -> ClassRanking:
    images = class_images(base_model, target_class)
    found = ClassRanking(target_class, images.n_correct, images.n_error)
    try:
        if not images.n_correct or not images.n_error:
            raise NothingToSeparate(images.n_correct, images.n_error)
        words = list_of(target_class)
    except (NothingToSeparate, BadKeywordList) as error:
        return replace(found, why_not=str(error))
    if words.digest not in embedded:
        embedded.clear()
        encoder = process_cache.text_encoder(base_model.dataset)
        embedded[words.digest] = encoder.encode_texts([said.text for said in words.read])
    rows = base_model.dataset.files.array("similarity")[images.rows]
    texts = zip(words.read, embedded[words.digest], strict=True)
    signed = np.stack([said.sign * similarities(rows, text) for said, text in texts])
    rng = np.random.default_rng((seed, target_class))
    said_of = None if captions is None else [captions.captions[row] for row in images.rows]
    ranked = rank_keywords(words.keywords, signed, images.is_error, said_of, rng, permutations)
    return replace(found, ranked=ranked, words=words)


def _store(base_model: BaseModel, ranking: ClassRanking, made_with: dict[str, Any]) -> KeywordRanking:
    assert ranking.words is not None, "what is ranked was a list"
    return stored_rankings.store(
        base_model,
        ranking.target_class,
        ranking.words.digest,
        is_made=ranking.words.is_made,
        rows=keyword_rows(ranking),
        list_name=ranking.words.name,
        text_template=ranking.words.template,
        n_correct=ranking.n_correct,
        n_error=ranking.n_error,
        settings={**made_with, **ranking.words.source},
    )
