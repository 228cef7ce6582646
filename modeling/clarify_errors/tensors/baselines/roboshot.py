"""RoboShot (Adila et al. 2024) with people's phrases instead of a language model's; it needs no training.

A phrase describes what the model is wrong about, so its direction is projected out of the images. The directions
between classes are boosted. Then images are classified zero-shot.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import orth

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.embeddings.standardization import unit_rows
from clarify_errors.arrays.embeddings.zero_shot import ZeroShot

# Singular values below this share of the largest are rounding errors; their directions are not in the span.
_RANK_TOLERANCE = 1e-5


@dataclass(frozen=True)
class RoboShot:
    """Zero-shot classifier of transformed images.

    Attributes
    ----------
    zero_shot : ZeroShot
        Classifier of the class prompts.
    harmful : float64 ndarray of shape (r, d)
        Orthonormal rows to remove.
    helpful : float64 ndarray of shape (s, d)
        Orthonormal rows to double.
    """

    zero_shot: ZeroShot
    harmful: NDArray[np.float64]
    helpful: NDArray[np.float64]

    def transform(self, images: NDArray[np.floating]) -> NDArray[np.float32]:
        """Remove harmful directions, then double helpful ones.

        Parameters
        ----------
        images : float ndarray of shape (n, d)

        Returns
        -------
        float32 ndarray of shape (n, d)
            Unit rows.

        Raises
        ------
        BadArray
            If d differs, or a row is zero, not finite, or has harmful directions only.
        """
        if images.ndim != 2 or images.shape[1] != self.harmful.shape[1]:
            raise BadArray(f"images {images.shape} do not have the prompts' {self.harmful.shape[1]} dimensions")
        rejected = _plus_projection(unit_rows(images, "image").astype(np.float64), self.harmful, -1)
        return unit_rows(_plus_projection(rejected, self.helpful, +1), "what is left of image")

    def predict(self, images: NDArray[np.floating]) -> NDArray[np.int64]:
        """Classify transformed images zero-shot.

        Parameters
        ----------
        images : float ndarray of shape (n, d)

        Returns
        -------
        int64 ndarray of shape (n,)

        Raises
        ------
        BadArray
            If d differs, or a row is zero, not finite, or has harmful directions only.
        """
        return self.zero_shot.predict(self.transform(images))


def roboshot(zero_shot: ZeroShot, phrases: NDArray[np.floating]) -> RoboShot:
    """Make the classifier of a zero-shot classifier and people's phrases.

    Parameters
    ----------
    zero_shot : ZeroShot
        With one class prompt per class.
    phrases : float ndarray of shape (K, d)
        Text embeddings of the phrases, K ≥ 0.

    Returns
    -------
    RoboShot

    Raises
    ------
    BadArray
        If shapes do not fit, or the embedding of a phrase is zero, not finite, or the mean of the class prompts.
    """
    prompts = zero_shot.embeddings
    if phrases.ndim != 2 or phrases.shape[1] != prompts.shape[1]:
        raise BadArray(f"phrases {phrases.shape} must have shape (K, {prompts.shape[1]}), as the class prompts do")
    return RoboShot(
        zero_shot,
        harmful=_basis(harmful_directions(phrases, prompts)),
        helpful=_basis(helpful_directions(prompts)),
    )


def harmful_directions(phrases: NDArray[np.floating], class_prompts: NDArray[np.floating]) -> NDArray[np.float32]:
    """Compute what each phrase adds to "a picture of a class".

    Parameters
    ----------
    phrases : float ndarray of shape (K, d)
    class_prompts : float ndarray of shape (C, d)

    Returns
    -------
    float32 ndarray of shape (K, d)
        unit(phrase - mean class prompt).

    Raises
    ------
    BadArray
        If a row is zero or not finite, or a phrase is the mean class prompt.
    """
    mean_prompt = unit_rows(class_prompts, "class prompt").mean(axis=0)
    return unit_rows(unit_rows(phrases, "phrase") - mean_prompt, "what is left of phrase")


def helpful_directions(class_prompts: NDArray[np.floating]) -> NDArray[np.float32]:
    """Compute the difference of each pair of class prompts.

    Parameters
    ----------
    class_prompts : float ndarray of shape (C, d)

    Returns
    -------
    float32 ndarray of shape (C (C - 1) / 2, d)
    """
    rows = unit_rows(class_prompts)
    pairs = list(combinations(range(len(rows)), 2))
    return rows[[a for a, _ in pairs]] - rows[[b for _, b in pairs]]


def _basis(directions: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return orthonormal rows that span the directions, by singular values.

    The published QR factorisation invents directions if some depend on others, as the differences of three classes do.
    The projection on the span is the same in any basis.
    """
    basis: NDArray[np.float64] = orth(directions.T.astype(np.float64), rcond=_RANK_TOLERANCE).T
    return basis


def _plus_projection(x: NDArray[np.float64], basis: NDArray[np.float64], sign: int) -> NDArray[np.float64]:
    """Return x ± its projection on the span of the orthonormal rows of basis."""
    return x + sign * (x @ basis.T) @ basis
