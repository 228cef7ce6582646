"""Ranks a list of keywords on the classes of a base model, as people's phrases are scored."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.models import BaseModel, KeywordRanking
from annotations.readings.datasets.class_images import class_images
from annotations.services.benchmarks import keyword_rankings
from modeling.arrays.common.modeling_errors import ModelingError, NothingToSeparate
from modeling.arrays.common.progress import Progress
from modeling.arrays.datasets.dataset_files import Split
from modeling.arrays.embeddings.similarity import similarities
from modeling.arrays.phrases.keywords import RankedKeyword, rank_keywords
from modeling.arrays.phrases.phrase_reading import ReadPhrase, read_phrase
from modeling.arrays.phrases.phrase_text import MAX_PHRASE_LENGTH, check_template, normalise, refusal
from modeling.arrays.phrases.word_forms import vocabulary
from worker.common import process_cache
from worker.common.library_versions import library_versions

PERMUTATIONS, SEED = 1_000, 0
VOCABULARY = "vocabulary"
_BATCH = 64


class BadKeywordList(ModelingError):
    """A list of keywords cannot be read, is empty, or has something in it that is no keyword."""

    code = "bad_keyword_list"


@dataclass(frozen=True)
class KeywordList:
    """K keywords, each once, and the template that they are put into. Raises BadTemplate."""

    name: str
    keywords: tuple[str, ...]
    template: str

    def __post_init__(self) -> None:
        check_template(self.template)

    @cached_property
    def read(self) -> tuple[ReadPhrase, ...]:
        """What each keyword says, read as a participant's phrase is: "no water" is water, turned."""
        return tuple(read_phrase(keyword, self.template) for keyword in self.keywords)

    @property
    def digest(self) -> str:
        """SHA-256 of the template and the keywords, one a line."""
        return hashlib.sha256("\n".join((self.template, *self.keywords)).encode()).hexdigest()


@dataclass(frozen=True)
class ClassRanking:
    """A class's ranking, the best first. n_correct, n_error: validation images; why_not: why there is no ranking."""

    target_class: int
    n_correct: int
    n_error: int
    ranked: tuple[RankedKeyword, ...] = ()
    why_not: str = ""

    @property
    def best_score(self) -> float:
        """The largest error score of the list; NaN without a ranking."""
        return self.ranked[0].error_score.value if self.ranked else float("nan")


def read_list(path: Path | None, template: str) -> KeywordList:
    """Read a list as modeling/vocabulary.txt is written, which is the list where `path` is None.

    Keywords stand one a line or between commas; a line that begins with # is a comment. Raises BadKeywordList.
    """
    if path is None:
        return KeywordList(VOCABULARY, vocabulary(), template)
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BadKeywordList(f"{path} cannot be read: {why}") from error
    keywords: dict[str, None] = {}
    for number, line in enumerate(lines, 1):
        if not line.startswith("#"):
            keywords |= dict.fromkeys(
                _keyword(part, f"{path}, line {number}") for part in line.split(",") if part.strip()
            )
    if not keywords:
        raise BadKeywordList(f"{path} has no keywords. Write one per line, or separate them with commas")
    return KeywordList(path.name[:120], tuple(keywords), template)


def rank_classes(
    base_model: BaseModel,
    classes: Sequence[int],
    words: KeywordList,
    *,
    permutations: int = PERMUTATIONS,
    seed: int = SEED,
    progress: Progress,
) -> Iterator[ClassRanking]:
    """Rank the list on each class and store what is found; yields a class's ranking once it is stored.

    A class has the same ranking alone as among others. Raises EncoderUnavailable, BadDataset, BadArray.
    """
    embeddings, made_with = _embedded(base_model, words, progress), settings(base_model, permutations, seed)
    progress("ranking", 0, len(classes))
    for done, target_class in enumerate(classes, 1):
        ranking = _rank(base_model, target_class, words, embeddings, permutations, seed)
        if ranking.ranked:
            _store(base_model, ranking, words, made_with)
        progress("ranking", done, len(classes))
        yield ranking


def keyword_rows(words: KeywordList, ranking: ClassRanking) -> list[dict[str, Any]]:
    """The rows of a ranking, the best first, as `KeywordRanking.rows` has them."""
    said = dict(zip(words.keywords, words.read, strict=True))
    return [
        {
            "keyword": row.keyword,
            "text": said[row.keyword].text,
            "sign": said[row.keyword].sign,
            "error_score": row.error_score.value,
            "threshold": row.error_score.threshold,
            "p_value": row.error_score.p_value,
            "adjusted_p": row.adjusted_p,
            "clip_score": row.clip_score,
        }
        for row in ranking.ranked
    ]


def settings(base_model: BaseModel, permutations: int, seed: int) -> dict[str, Any]:
    """What a ranking rests on beside its list: enough to compute it again."""
    dataset = base_model.dataset
    return {
        "dataset": str(dataset),
        "dataset_digest": dataset.digest,
        "base_model": base_model.name,
        "split": Split.VALIDATION.word,
        "encoder": dataset.files.manifest.encoder_of("similarity"),
        "permutations": permutations,
        "seed": seed,
        "versions": library_versions(),
    }


def _keyword(part: str, where: str) -> str:
    keyword = normalise(part)
    why = refusal(keyword)
    if why is not None:
        raise BadKeywordList(
            f"{where}: {keyword[:40]!r} is not a keyword ({why.replace('_', ' ')}). A keyword has letters or "
            f"numbers, and at most {MAX_PHRASE_LENGTH} characters"
        )
    return keyword


def _embedded(base_model: BaseModel, words: KeywordList, progress: Progress) -> NDArray[np.float32]:
    """The embedding of each keyword's text, float32[K, d]."""
    encoder = process_cache.text_encoder(base_model.dataset)
    texts = [said.text for said in words.read]
    batches = []
    for start in range(0, len(texts), _BATCH):
        progress("embedding keywords", start, len(texts))
        batches.append(encoder.encode_texts(texts[start : start + _BATCH]))
    progress("embedding keywords", len(texts), len(texts))
    return np.concatenate(batches)


def _rank(
    base_model: BaseModel,
    target_class: int,
    words: KeywordList,
    embeddings: NDArray[np.float32],
    permutations: int,
    seed: int,
) -> ClassRanking:
    images = class_images(base_model, target_class)
    rows = base_model.dataset.files.array("similarity")[images.rows]
    signed = np.stack([said.sign * similarities(rows, text) for said, text in zip(words.read, embeddings, strict=True)])
    rng = np.random.default_rng((seed, target_class))
    try:
        ranked = rank_keywords(words.keywords, signed, images.is_error, None, rng, permutations)
    except NothingToSeparate as error:
        return ClassRanking(target_class, images.n_correct, images.n_error, why_not=str(error))
    return ClassRanking(target_class, images.n_correct, images.n_error, ranked)


def _store(
    base_model: BaseModel, ranking: ClassRanking, words: KeywordList, made_with: dict[str, Any]
) -> KeywordRanking:
    return keyword_rankings.store(
        base_model,
        ranking.target_class,
        words.digest,
        rows=keyword_rows(words, ranking),
        list_name=words.name,
        text_template=words.template,
        n_correct=ranking.n_correct,
        n_error=ranking.n_error,
        settings=made_with,
    )
