"""WiSE-FT (Wortsman et al., 2022) for a last layer: between the zero-shot classifier and a trained one."""

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.common.array_checks import check_finite_rows, check_unit_rows
from modeling.arrays.common.modeling_errors import BadArray
from modeling.arrays.embeddings.standardization import Standardization
from modeling.tensors.baselines.classifiers import LinearClassifier, without_scaling

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
    """(1 - α) · zero-shot + α · trained, both as linear layers on unit features: a classifier of unit rows.

    class_embeddings: float[C, d], unit rows, class prompts in the space of the features; the zero-shot layer is these
    times the logit scale of the encoder (CLIP's is 100), without a bias;
    coef: [C, d] and intercept: [C], trained on features z-scored by `standardization`: W/σ and b - W μ/σ.

    Raises BadArray for shapes that do not fit, class embeddings that are not unit rows, what is not finite, α outside
    [0, 1], or a logit scale that is not positive.
    """
    if class_embeddings.shape != coef.shape or intercept.shape != coef.shape[:1]:
        raise BadArray(
            f"class embeddings {class_embeddings.shape}, coef {coef.shape} and intercept {intercept.shape} "
            "must be [C, d], [C, d] and [C]"
        )
    if standardization.mean.shape != coef.shape[1:]:
        raise BadArray(f"the z-score has {len(standardization.mean)} dimensions and coef {coef.shape[1]}")
    check_unit_rows(class_embeddings, "class embedding")
    check_finite_rows(np.column_stack([coef, intercept]), "coef and intercept")
    if not 0 <= alpha <= 1:
        raise BadArray(f"alpha must lie in [0, 1], not {alpha}")
    if not 0 < logit_scale < np.inf:
        raise BadArray(f"the logit scale must be positive and finite, not {logit_scale}")
    trained, bias = without_scaling(coef, intercept, standardization.mean, standardization.deviation)
    zero_shot = logit_scale * class_embeddings.astype(np.float64)
    return LinearClassifier((1 - alpha) * zero_shot + alpha * trained, alpha * bias)
