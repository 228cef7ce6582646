"""What baselines return: fixed classifiers in numpy, which predict from features of the kind they were trained on."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.common.array_checks import check_finite_rows
from modeling.arrays.common.modeling_errors import BadArray


class Classifier(Protocol):
    """Anything that predicts a class per row of features."""

    def predict(self, features: NDArray[np.floating], /) -> NDArray[np.int64]:
        """int64[n] from float[n, d]."""


@dataclass(frozen=True)
class LinearClassifier:
    """A last layer: logits = coef @ x + intercept. coef: float64[C, d]; intercept: float64[C]."""

    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.coef.ndim != 2 or self.intercept.shape != self.coef.shape[:1]:
            raise BadArray(f"coef {self.coef.shape} and intercept {self.intercept.shape} must be [C, d] and [C]")
        if not (np.isfinite(self.coef).all() and np.isfinite(self.intercept).all()):
            raise BadArray("coef and intercept must be finite: training may have diverged")

    def logits(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """float64[n, C] from float[n, d]. Raises BadArray for another d, or a row that is not finite."""
        check_features(features, self.coef.shape[1])
        logits: NDArray[np.float64] = features.astype(np.float64) @ self.coef.T + self.intercept
        return logits

    def predict(self, features: NDArray[np.floating]) -> NDArray[np.int64]:
        """int64[n], the label with the largest logit, the first of tied ones. Raises BadArray as `logits` does."""
        labels: NDArray[np.int64] = self.logits(features).argmax(axis=1)
        return labels


def without_scaling(
    coef: NDArray[np.floating],
    intercept: NDArray[np.floating],
    mean: NDArray[np.floating],
    deviation: NDArray[np.floating],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same linear layer written for features before their z-score: W/σ and b - W μ/σ.

    coef W: [C, d]; intercept b: [C]; mean μ and deviation σ: [d].
    """
    scaled = coef.astype(np.float64) / deviation
    return scaled, intercept - scaled @ mean


def check_features(features: NDArray[np.floating], d: int) -> None:
    """Raise BadArray unless features are finite float[n, d]: no class would be the largest of NaN."""
    if features.ndim != 2 or features.shape[1] != d:
        raise BadArray(f"features {features.shape} do not have the {d} dimensions of the classifier")
    check_finite_rows(features, "features")
