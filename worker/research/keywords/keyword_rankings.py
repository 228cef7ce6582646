"""Ranks a list of keywords on the classes of a base model, as people's phrases are scored.

And retrains with the machine's best keyword of a class, as a run does with a phrase (Appendix B, Figure 9).
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from annotations.datasets.class_images import ClassImages, class_images
from annotations.models import BaseModel, KeywordRanking, Scheme
from annotations.results import stored_rankings
from annotations.runs.trained_rows import rows_to_train
from clarify_errors.arrays.common.modeling_errors import NothingToSeparate, SliceTooSmall
from clarify_errors.arrays.common.progress import Progress
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.embeddings.similarity import similarities
from clarify_errors.arrays.keywords.keyword_ranking import RankedKeyword, rank_keywords
from clarify_errors.arrays.keywords.keyword_sources import ChatFailed
from clarify_errors.arrays.keywords.stored_captions import StoredCaptions
from clarify_errors.arrays.retraining.annotation import Annotation
from worker.common import process_cache
from worker.common.library_versions import library_versions
from worker.datasets import head_training
from worker.datasets.head_training import ClassSlices
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

    A class has the same ranking alone as among others. A class for which a model that speaks fails is told after one
    for which it did not. Raises EncoderUnavailable, BadDataset, BadArray, KeywordSourceFailed, ChatFailed.
    """
    made_with = ranked_with(base_model, permutations, seed, captions)
    embedded: dict[str, NDArray[np.float32]] = {}  # of the last list, which many classes may have
    progress("ranking", 0, len(classes))
    has_answered = False
    for done, target_class in enumerate(classes, 1):
        images = class_images(base_model, target_class)
        found = ClassRanking(target_class, images.n_correct, images.n_error)
        try:
            if not images.n_correct or not images.n_error:
                raise NothingToSeparate(images.n_correct, images.n_error)
            words = list_of(target_class)
        except (NothingToSeparate, BadKeywordList, ChatFailed) as error:
            if isinstance(error, ChatFailed) and not has_answered:
                raise  # it would for every class
            found = replace(found, why_not=str(error))
        else:
            has_answered = True
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


def ranked_with(base_model: BaseModel, permutations: int, seed: int, captions: StoredCaptions | None) -> dict[str, Any]:
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


BY_CLIP, BY_ERROR = "clip_score", "error_score"


def retrain(ranking: KeywordRanking) -> None:
    """Retrain with the best keyword by CLIP score and with that by error score, each chosen on validation images.

    What that does on the test images is stored with the ranking, for each scheme, since a ranking stands beside the
    people of any study. Raises EncoderUnavailable, BadDataset, BadArray, NotConverged, NothingToEvaluate.
    """
    best = {BY_CLIP: min(ranking.rows, key=lambda row: row["clip_rank"]), BY_ERROR: ranking.rows[0]}
    found = {by: zip(Scheme.values, _retrained(ranking, row), strict=True) for by, row in best.items()}
    made = [{"by": by, "scheme": scheme, **each} for by, rows in found.items() for scheme, each in rows]
    stored_rankings.store_retrained(ranking, made)


def _retrained(ranking: KeywordRanking, row: dict[str, Any]) -> list[dict[str, Any]]:
    """What retraining with a keyword does under each of the schemes, in their order."""
    base_model, label = ranking.base_model, ranking.target_class
    dataset = base_model.dataset
    found: dict[str, Any] = {"keyword": row["keyword"], "sign": row["sign"], "threshold": row["threshold"]}
    if row["threshold"] is None:
        return _nothing(found, "it separates no errors, so it has no threshold")
    text = process_cache.text_encoder(dataset).encode_texts([row["text"]])[0]
    found["text_embedding"] = _packed(text, "<f4")
    if not dataset.has_features:
        return _nothing(found, "the data set has no features to retrain on")
    slices = ClassSlices.of(Annotation(label, text, row["sign"], row["threshold"]), dataset)
    found |= {"n_above": slices.n_above, "n_below": slices.n_below}
    least = settings.MIN_SLICE_SIZE
    try:
        weights = [head_training.loss_weights(dataset, [slices], scheme, least) for scheme in Scheme.values]
    except SliceTooSmall as error:
        return _nothing(found, str(error))
    columns, rows = np.stack(weights, axis=1), rows_to_train(base_model, label)
    if rows is None:
        heads = head_training.train(dataset, base_model.l2, columns)
    else:
        heads = head_training.train_rows(base_model, columns, rows)
    labels = dataset.files.labels[dataset.files.rows(Split.TEST)]
    return [
        {
            **found,
            "trained_rows": rows,
            "certified_gap": each.certified_gap,
            "worst_group": each.metrics.worst_group,
            "predictions": _packed(each.test_predictions[labels == label], "<i4"),
            "right": _packed(np.packbits(each.test_predictions == labels), "u1"),
        }
        for each in head_training.measure(dataset, heads)
    ]


def _nothing(found: dict[str, Any], why_not: str) -> list[dict[str, Any]]:
    return [{**found, "why_not": why_not} for _ in Scheme.values]


def _packed(values: np.ndarray[Any, Any], dtype: str) -> str:
    return base64.b64encode(np.asarray(values, dtype).tobytes()).decode("ascii")
