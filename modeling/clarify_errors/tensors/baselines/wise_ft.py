"""WiSE-FT (Wortsman et al. 2022) for a last layer: between the zero-shot classifier and a trained one."""

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.array_checks import check_unit_rows
from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.embeddings.standardization import Standardization
from clarify_errors.tensors.baselines.classifiers import LinearClassifier, without_scaling

CLIP_LOGIT_SCALE = 100.0


def wise_ft(
    class_embeddings: NDArray[np.floating],
    coef: NDArray[np.floating],
    intercept: NDArray[np.floating],
    standardization: Standardization,
    *,
    alpha: float = 0.5,
    logit_scale: float = CLIP_LOGIT_SCALE,
) -> LinearClassifier:
    """Compute (1 - α) · zero-shot + α · trained of two last layers.

    Parameters
    ----------
    class_embeddings : float ndarray of shape (C, d)
        Unit rows: class prompts in the space of the features. Times the logit scale, and without a bias, they are the
        zero-shot layer.
    coef : float ndarray of shape (C, d)
        W of the trained layer, for z-scored features.
    intercept : float ndarray of shape (C,)
        b of the trained layer.
    standardization : Standardization
        The z-score. The trained layer becomes W / σ and b - W μ / σ.
    alpha : float, default 0.5
        α in [0, 1].
    logit_scale : float, default 100
        Of the encoder, > 0; CLIP's is 100.

    Returns
    -------
    LinearClassifier
        For unit rows.

    Raises
    ------
    BadArray
        If shapes do not fit, class embeddings are not unit rows, or a number is not finite or out of range.
    """
    if class_embeddings.shape != coef.shape or intercept.shape != coef.shape[:1]:
        raise BadArray(
            f"class embeddings {class_embeddings.shape}, coef {coef.shape} and intercept {intercept.shape} "
            "must have shapes (C, d), (C, d) and (C,)"
        )
    if standardization.mean.shape != coef.shape[1:]:
        raise BadArray(f"the z-score has {len(standardization.mean)} dimensions, coef {coef.shape[1]}")
    check_unit_rows(class_embeddings, "class embedding")
    if not 0 <= alpha <= 1:
        raise BadArray(f"alpha must be in [0, 1], not {alpha}")
    if not 0 < logit_scale < np.inf:
        raise BadArray(f"the logit scale must be positive and finite, not {logit_scale}")
    trained, bias = without_scaling(coef, intercept, standardization.mean, standardization.deviation)
    zero_shot = logit_scale * class_embeddings.astype(np.float64)
    return LinearClassifier((1 - alpha) * zero_shot + alpha * trained, alpha * bias)
