"""RoboShot (Adila et al., 2024) with people's phrases in the place of a language model's: no training at all.

A phrase describes what the model is wrong about, so its direction is projected out of the images; the directions
between classes are boosted; then images are classified zero-shot.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.common.modeling_errors import BadArray
from modeling.arrays.embeddings.standardization import unit_rows
from modeling.arrays.embeddings.zero_shot import ZeroShot

# Singular values below this share of the largest are rounding: their directions are not in the span.
_RANK_TOLERANCE = 1e-5


@dataclass(frozen=True)
class RoboShot:
    """zero_shot: the classifier of the class prompts; harmful: [r, d] and helpful: [s, d], orthonormal rows."""

    zero_shot: ZeroShot
    harmful: NDArray[np.float64]
    helpful: NDArray[np.float64]

    def transform(self, images: NDArray[np.floating]) -> NDArray[np.float32]:
        """Unit rows with harmful directions removed, then helpful ones doubled: float32[n, d] from float[n, d].

        Raises BadArray for another d, a row that is zero or not finite, or one of harmful directions alone.
        """
        if images.ndim != 2 or images.shape[1] != self.harmful.shape[1]:
            raise BadArray(f"images {images.shape} do not have the prompts' {self.harmful.shape[1]} dimensions")
        rejected = _plus_projection(unit_rows(images, "image").astype(np.float64), self.harmful, -1)
        return unit_rows(_plus_projection(rejected, self.helpful, +1), "what is left of image")

    def predict(self, images: NDArray[np.floating]) -> NDArray[np.int64]:
        """int64[n], zero-shot on what `transform` gives. Raises BadArray as it does."""
        return self.zero_shot.predict(self.transform(images))


def roboshot(zero_shot: ZeroShot, phrases: NDArray[np.floating]) -> RoboShot:
    """The classifier that people's phrases make of a zero-shot one.

    zero_shot: with one class prompt per class; phrases: float[K, d], the phrases' text embeddings, K ≥ 0.
    Raises BadArray for shapes, or a phrase whose embedding is the mean of the class prompts.
    """
    prompts = zero_shot.embeddings
    if phrases.ndim != 2 or phrases.shape[1] != prompts.shape[1]:
        raise BadArray(f"phrases {phrases.shape} must be [K, {prompts.shape[1]}], as the class prompts are")
    return RoboShot(
        zero_shot,
        harmful=orthonormal(harmful_directions(phrases, prompts)),
        helpful=orthonormal(helpful_directions(prompts)),
    )


def harmful_directions(phrases: NDArray[np.floating], class_prompts: NDArray[np.floating]) -> NDArray[np.float32]:
    """What each phrase adds to "a picture of a class": unit(phrase - mean class prompt), [K, d]. Raises BadArray."""
    mean_prompt = unit_rows(class_prompts, "class prompt").mean(axis=0)
    return unit_rows(unit_rows(phrases, "phrase") - mean_prompt, "what is left of phrase")


def helpful_directions(class_prompts: NDArray[np.floating]) -> NDArray[np.float32]:
    """What tells classes apart: the difference of each pair of class prompts, [C (C - 1) / 2, d]."""
    rows = unit_rows(class_prompts)
    pairs = list(combinations(range(len(rows)), 2))
    differences: NDArray[np.float32] = rows[[a for a, _ in pairs]] - rows[[b for _, b in pairs]]
    return differences


def orthonormal(directions: NDArray[np.floating]) -> NDArray[np.float64]:
    """An orthonormal basis [r, d] of the span of directions [m, d], r ≤ m their rank.

    By singular values: a QR factorisation, as published, makes up directions where some depend on others, as the
    differences of three classes do. The projection on the span is the same in any basis.
    """
    _, values, basis = np.linalg.svd(directions.astype(np.float64), full_matrices=False)
    kept: NDArray[np.float64] = basis[values > _RANK_TOLERANCE * values.max(initial=0.0)]
    return kept


def _plus_projection(x: NDArray[np.float64], basis: NDArray[np.float64], sign: int) -> NDArray[np.float64]:
    """x ± its projection on the span of the orthonormal rows of basis."""
    moved: NDArray[np.float64] = x + sign * (x @ basis.T) @ basis
    return moved
