"""The last layer as a scikit-learn estimator."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.preprocessing import StandardScaler
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from clarify_errors.arrays.common.softmax import softmax
from clarify_errors.arrays.retraining.slices import division_weights, uniform_weights
from clarify_errors.tensors.retraining.many_heads import train_heads


class LastLayer(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Multinomial logistic regression on z-scored features, to a proven precision.

    Parameters
    ----------
    l2 : float, default 0.01
        Penalty λ > 0 on weights and bias.
    scheme : {"class_equal", "paper", "mean_slices", "class_mass"} or None, default None
        How the slices that `fit` is given are weighed, as in `slice_weights`. None weighs every image alike.

    Attributes
    ----------
    classes_ : ndarray of shape (C,)
    coef_ : float64 ndarray of shape (C, d)
        On z-scored features.
    intercept_ : float64 ndarray of shape (C,)
    loss_, certified_gap_ : float
        The loss that was reached, and a bound on how far it is above the minimum.
    """

    def __init__(self, l2: float = 0.01, scheme: str | None = None) -> None:
        self.l2 = l2
        self.scheme = scheme

    def fit(self, X: Any, y: Any, slices: Any = None) -> Self:
        """Train the layer.

        Parameters
        ----------
        X : array_like of shape (n, d)
        y : array_like of shape (n,)
        slices : array_like of shape (n,), optional
            Slice of each image within its class, from 0, such as whether it has a phrase. Default: classes are slices.

        Returns
        -------
        LastLayer

        Raises
        ------
        ValueError
            If shapes, types or values are invalid, or only one class occurs.
        NotConverged
            If the solver misses its tolerance.
        """
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y has only one class, {self.classes_[0]!r}; two or more are needed")
        weights = self._weights(labels.astype(np.int64), slices)
        self._scaler = StandardScaler().fit(X)
        trained = train_heads(self._scaler.transform(X), labels.astype(np.int64), weights[:, None], self.l2)
        self.coef_, self.intercept_ = trained.coef[0], trained.intercept[0]
        self.loss_, self.certified_gap_ = float(trained.loss[0]), float(trained.gap[0])
        self.n_iter_ = trained.iterations
        return self

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Compute logits; for two classes, the second's minus the first's.

        Parameters
        ----------
        X : array_like of shape (n, d)

        Returns
        -------
        float64 ndarray of shape (n, C), or (n,) for two classes
        """
        logits = self._logits(X)
        return logits[:, 1] - logits[:, 0] if len(self.classes_) == 2 else logits

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Compute the probability of each class.

        Parameters
        ----------
        X : array_like of shape (n, d)

        Returns
        -------
        float64 ndarray of shape (n, C)
        """
        return softmax(self._logits(X))

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the class with the largest logit.

        Parameters
        ----------
        X : array_like of shape (n, d)

        Returns
        -------
        ndarray of shape (n,)
        """
        best = self._logits(X).argmax(axis=1)
        predicted: NDArray[Any] = self.classes_[best]
        return predicted

    def _weights(self, labels: NDArray[np.int64], slices: Any) -> NDArray[np.float64]:
        if self.scheme is None:
            return uniform_weights(len(labels))
        within = np.zeros(len(labels), np.int64) if slices is None else np.asarray(slices).astype(np.int64)
        return division_weights(labels, labels * (within.max() + 1) + within, self.scheme)

    def _logits(self, X: Any) -> NDArray[np.float64]:
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        logits: NDArray[np.float64] = self._scaler.transform(X) @ self.coef_.T + self.intercept_
        return logits
