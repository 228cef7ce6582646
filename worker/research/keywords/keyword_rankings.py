"""Ranks a list of keywords on the classes of a base model, as people's phrases are scored."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.datasets.class_images import ClassImages, class_images
from annotations.models import BaseModel, KeywordRanking
from annotations.results import stored_rankings
from clarify_errors.arrays.common.modeling_errors import NothingToSeparate
from clarify_errors.arrays.common.progress import Progress
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.embeddings.similarity import similarities
from clarify_errors.arrays.keywords.keyword_ranking import RankedKeyword, rank_keywords
from clarify_errors.arrays.keywords.stored_captions import StoredCaptions
from worker.common import process_cache
from worker.common.library_versions import library_versions
from worker.research.keywords.keyword_lists import BadKeywordList, KeywordList, ListOfClass

PERMUTATIONS, SEED = 1_000, 0


@dataclass(frozen=True)
class ClassRanking:
    """A class's ranking as it is stored, or why there is none. n_correct, n_error: validation images."""

    target_class: int
    n_correct: int
    n_error: int
    stored: KeywordRanking | None = None
    why_not: str = ""

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The keywords, the best first, as `KeywordRanking.rows`."""
        return self.stored.rows if self.stored else []


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
        images = class_images(base_model, target_class)
        found = ClassRanking(target_class, images.n_correct, images.n_error)
        try:
            if not images.n_correct or not images.n_error:
                raise NothingToSeparate(images.n_correct, images.n_error)
            words = list_of(target_class)
        except (NothingToSeparate, BadKeywordList) as error:
            found = replace(found, why_not=str(error))
        else:
            if words.digest not in embedded:
                encoder = process_cache.text_encoder(base_model.dataset)
                embedded = {words.digest: encoder.encode_texts([said.text for said in words.read])}
            rng = np.random.default_rng((seed, target_class))
            signed = _signed(base_model, images, words, embedded[words.digest])
            said = None if captions is None else [captions.captions[row] for row in images.rows]
            ranked = rank_keywords(words.keywords, signed, images.is_error, said, rng, permutations)
            p_of_list = {row.keyword.casefold(): row.adjusted_p for row in ranked} if words.is_blind else {}
            if words.of_half is not None and words.tests is not None:
                p_of_list = _tested(base_model, images, words.of_half, words.tests, rng, permutations)
            rows = _rows(words, ranked, p_of_list)
            found = replace(found, stored=_store(base_model, found, words, rows, made_with))
        progress("ranking", done, len(classes))
        yield found


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


def _signed(
    base_model: BaseModel, images: ClassImages, words: KeywordList, embedded: NDArray[np.float32]
) -> NDArray[np.float32]:
    """What the images score for each word, float32[K, n]. embedded: the words, float32[K, d]."""
    rows = base_model.dataset.files.array("similarity")[images.rows]
    return np.stack([said.sign * similarities(rows, text) for said, text in zip(words.read, embedded, strict=True)])


def _tested(
    base_model: BaseModel,
    images: ClassImages,
    words: KeywordList,
    tests: NDArray[np.bool_],
    rng: np.random.Generator,
    permutations: int,
) -> dict[str, float]:
    """By keyword the p of a list, on images that had no part in it."""
    embedded = process_cache.text_encoder(base_model.dataset).encode_texts([said.text for said in words.read])
    signed = _signed(base_model, images, words, embedded)[:, tests]
    ranked = rank_keywords(words.keywords, signed, images.is_error[tests], None, rng, permutations)
    return {row.keyword.casefold(): row.adjusted_p for row in ranked}


def _rows(words: KeywordList, ranked: Sequence[RankedKeyword], p_of_list: Mapping[str, float]) -> list[dict[str, Any]]:
    """The rows of a ranking, the best first, as `KeywordRanking.rows` has them. p_of_list: by what a keyword says."""
    said = dict(zip(words.keywords, words.read, strict=True))
    by_clip = sorted(ranked, key=lambda row: -row.clip_score)
    clip_rank = {row.keyword: rank for rank, row in enumerate(by_clip, 1)}
    return [
        {
            "keyword": row.keyword,
            "text": said[row.keyword].text,
            "sign": said[row.keyword].sign,
            "error_score": row.error_score.value,
            "threshold": row.error_score.threshold,
            "p_of_list": p_of_list.get(row.keyword.casefold()),
            "null_level": row.null_level,
            "clip_score": row.clip_score,
            "clip_rank": clip_rank[row.keyword],
            "n_captioned": row.n_captioned,
            "subgroup_accuracy": row.subgroup_accuracy,
        }
        for row in ranked
    ]


def _store(
    base_model: BaseModel, of: ClassRanking, words: KeywordList, rows: list[dict[str, Any]], made_with: dict[str, Any]
) -> KeywordRanking:
    return stored_rankings.store(
        base_model,
        of.target_class,
        words.digest,
        is_made=words.is_made,
        rows=rows,
        list_name=words.name,
        text_template=words.template,
        n_correct=of.n_correct,
        n_error=of.n_error,
        settings={**made_with, **words.source},
    )
