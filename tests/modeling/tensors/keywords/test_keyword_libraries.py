"""KeyBERT and YAKE propose what was planted into captions; they are extras, so these tests need them installed."""

import hashlib
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from clarify_errors.arrays.keywords.keyword_sources import MAX_KEYWORDS
from tests.modeling.arrays.keywords.planted_captions import NOUNS, PLANTED, planted


def test_yake_proposes_the_planted_word_of_the_wrong_side_alone() -> None:
    pytest.importorskip("yake", reason="the extra yake is not installed")
    source, (right, wrong) = import_module("clarify_errors.tensors.keywords.yake_source").YakeSource(), planted(0)
    proposed = source.propose(right, wrong).phrases
    assert proposed[0] == PLANTED and len(proposed) <= MAX_KEYWORDS
    assert source.propose(right, right).phrases[0] != PLANTED
    assert {word for phrase in proposed for word in phrase.split()} <= {*NOUNS, PLANTED, "in", "the", "a", "beside"}
    assert source.propose([], []).phrases == ()


def words_of(text: str) -> np.ndarray:
    """A text's embedding: the sum of random directions, one for each word."""
    words = text.split()
    seeds = [int.from_bytes(hashlib.sha256(word.encode()).digest()[:4]) for word in words]
    total = np.sum([np.random.default_rng(seed).normal(size=64) for seed in seeds], axis=0)
    unit: np.ndarray = total / np.linalg.norm(total)
    return unit


def test_keybert_orders_phrases_by_the_cosine_to_the_mean_of_the_captions(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    backend = pytest.importorskip("keybert.backend", reason="the extra keybert is not installed")
    keybert_source = import_module("clarify_errors.tensors.keywords.keybert_source")

    class Words(backend.BaseEmbedder):  # type: ignore[name-defined,misc]
        def __init__(self, folder: str, **_: Any) -> None:
            super().__init__()

        def encode(self, texts: Sequence[str], **_: Any) -> np.ndarray:
            return np.stack([words_of(text) for text in texts])

        def embed(self, documents: Sequence[str], verbose: bool = False) -> np.ndarray:
            return self.encode(documents)

    monkeypatch.setattr(keybert_source, "SentenceTransformer", Words)
    right, wrong = planted(0)
    source = keybert_source.load(str(tmp_path))
    proposed = {word for phrase in source.propose(right, wrong).phrases for word in phrase.split()}
    assert PLANTED in proposed
    assert PLANTED not in {word for phrase in source.propose(right, right).phrases for word in phrase.split()}

    mean = np.mean([words_of(caption) for caption in wrong], axis=0)
    counted = CountVectorizer(ngram_range=(1, 3), stop_words="english", max_features=500).fit(wrong)
    cosines = {phrase: words_of(phrase) @ mean / np.linalg.norm(mean) for phrase in counted.get_feature_names_out()}
    side = source.propose([], wrong).phrases
    least = sorted(cosines.values())[-20]
    ranked = [phrase for phrase in side if cosines.get(phrase, -1) > least - 1e-3]
    assert len(ranked) >= 20 and set(sorted(cosines, key=lambda phrase: -cosines[phrase])[:15]) <= set(side)
