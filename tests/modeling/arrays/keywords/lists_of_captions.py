"""Lists that captions of right and wrong images make, tested on the same images and on others: tests and benchmarks."""

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.keywords.caption_contrast import CaptionContrast
from clarify_errors.arrays.keywords.keyword_ranking import rank_keywords
from clarify_errors.arrays.keywords.keyword_sources import merged
from clarify_errors.arrays.phrases.held_out import scoring_half
from clarify_errors.arrays.phrases.word_forms import vocabulary

PERMUTATIONS = 200
UNRELATED = 0.3  # how often a caption has each of the words
WORDS = [each for each in vocabulary() if each.isalpha()][:120]  # more than a list has room for; the first is planted
N = 120
IS_ERROR = np.arange(N) >= N // 2


def least_p(seed: int, often: float) -> tuple[float, float]:
    """Return the least p of a class's keywords: of the images whose captions chose them, and as `rank_keywords` has it.

    often: the share of wrong images with the planted word. If it is `UNRELATED`, captions say nothing of the errors.
    """
    rng = np.random.default_rng(seed)
    says = rng.random((N, len(WORDS))) < UNRELATED
    says[:, 0] = rng.random(N) < np.where(IS_ERROR, often, UNRELATED)
    captions = [" ".join(np.array(WORDS)[said]) for said in says]
    keys = np.array([f"{seed} {image}".encode() for image in range(N)])
    tests = scoring_half(keys, IS_ERROR, "keywords")
    every, half = (_keywords(captions, of) for of in (np.ones(N, np.bool_), ~tests))
    same = rank_keywords(every, _similarities(seed, every, captions), IS_ERROR, None, rng, PERMUTATIONS)
    values = _similarities(seed, half, captions)[:, tests]
    other = rank_keywords(half, values, IS_ERROR[tests], None, rng, PERMUTATIONS)
    return same[0].adjusted_p, min((row.adjusted_p for row in other if row.keyword in every), default=1.0)


def share_of_findings(often: float, classes: int) -> tuple[float, float]:
    """Return in how many classes each p is at most 5%."""
    found = np.array([least_p(seed, often) for seed in range(classes)]) <= 0.05
    same, other = found.mean(axis=0)
    return float(same), float(other)


def _keywords(captions: Sequence[str], of: NDArray[np.bool_]) -> tuple[str, ...]:
    right, wrong = (
        [captions[image] for image in np.flatnonzero(of & (side == IS_ERROR)).tolist()] for side in (False, True)
    )
    return merged([CaptionContrast().propose(right, wrong).phrases])


def _similarities(seed: int, keywords: Sequence[str], captions: Sequence[str]) -> NDArray[np.float64]:
    """An encoder that sees most of what captions say. A keyword has the same similarities in every list."""
    noise = (np.random.default_rng((seed, zlib.crc32(each.encode()))).normal(0, 0.01, N) for each in keywords)
    said = np.array([[f" {each} " in f" {caption} " for caption in captions] for each in keywords])
    return 0.2 + 0.05 * said + np.stack(list(noise))
