"""Classifiers that the baselines return: fixed and in NumPy, for features of the kind that they were trained on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from torch import nn

from clarify_errors.arrays.common.array_checks import check_finite_rows
from clarify_errors.arrays.common.modeling_errors import BadArray


@dataclass(frozen=True)
class LinearClassifier:
    """A last layer: logits = coef @ x + intercept.

    Attributes
    ----------
    coef : float64 ndarray of shape (C, d)
    intercept : float64 ndarray of shape (C,)
    details : mapping
        What else is known of its training, as JSON values.

    Raises
    ------
    BadArray
        If shapes do not fit, or a number is not finite.
    """

    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]
    details: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.coef.ndim != 2 or self.intercept.shape != self.coef.shape[:1]:
            raise BadArray(
                f"coef {self.coef.shape} and intercept {self.intercept.shape} must have shapes (C, d) and (C,)"
            )
        if not (np.isfinite(self.coef).all() and np.isfinite(self.intercept).all()):
            raise BadArray("coef and intercept must be finite: training may have diverged")

    @classmethod
    def of(cls, layer: nn.Linear, details: Mapping[str, Any]) -> Self:
        """Make the classifier of a trained layer.

        Parameters
        ----------
        layer : torch.nn.Linear
        details : mapping

        Returns
        -------
        LinearClassifier

        Raises
        ------
        BadArray
            If a number is not finite.
        """
        coef, intercept = (values.detach().double().cpu().numpy() for values in (layer.weight, layer.bias))
        return cls(coef, intercept, details)

    def logits(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """Compute logits.

        Parameters
        ----------
        features : float ndarray of shape (n, d)

        Returns
        -------
        float64 ndarray of shape (n, C)

        Raises
        ------
        BadArray
            If d differs, or a row is not finite.
        """
        check_features(features, self.coef.shape[1])
        return features.astype(np.float64) @ self.coef.T + self.intercept

    def predict(self, features: NDArray[np.floating]) -> NDArray[np.int64]:
        """Predict the class with the largest logit.

        Parameters
        ----------
        features : float ndarray of shape (n, d)

        Returns
        -------
        int64 ndarray of shape (n,)
            The first of tied classes wins.

        Raises
        ------
        BadArray
            If d differs, or a row is not finite.
        """
        labels: NDArray[np.int64] = self.logits(features).argmax(axis=1)
        return labels


def without_scaling(
    coef: NDArray[np.floating],
    intercept: NDArray[np.floating],
    mean: NDArray[np.floating],
    deviation: NDArray[np.floating],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rewrite a linear layer on z-scored features for the features before the z-score.

    Parameters
    ----------
    coef : float ndarray of shape (C, d)
        W.
    intercept : float ndarray of shape (C,)
        b.
    mean, deviation : float ndarray of shape (d,)
        μ and σ.

    Returns
    -------
    coef : float64 ndarray of shape (C, d)
        W / σ.
    intercept : float64 ndarray of shape (C,)
        b - W μ / σ.
    """
    scaled = coef.astype(np.float64) / deviation
    return scaled, intercept - scaled @ mean


def check_features(features: NDArray[np.floating], d: int) -> None:
    """Check that features are finite: with NaN, no class would have the largest logit.

    Parameters
    ----------
    features : float ndarray of shape (n, d)
    d : int

    Raises
    ------
    BadArray
        If shape or type is wrong, or a row is not finite.
    """
    if features.ndim != 2 or features.shape[1] != d:
        raise BadArray(f"features {features.shape} do not have the {d} dimensions of the classifier")
    check_finite_rows(features, "features")
