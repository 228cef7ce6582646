"""Deep feature reweighting, as published by Kirichenko et al. (2023): sparse logistic regression on balanced groups."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.tensors.baselines.classifiers import LinearClassifier, without_scaling
from clarify_errors.tensors.baselines.grouped import GroupedFeatures, check_pair, subsampled_rows

C_OPTIONS = (1.0, 0.7, 0.3, 0.1, 0.07, 0.03, 0.01)
FitOn = Literal["validation", "train"]
N_MODELS: dict[FitOn, int] = {"validation": 20, "train": 10}


def train_dfr(
    train: GroupedFeatures,
    validation: GroupedFeatures,
    *,
    rng: np.random.Generator,
    fit_on: FitOn = "validation",
    c_options: Sequence[float] = C_OPTIONS,
    n_models: int | None = None,
) -> LinearClassifier:
    """Average L1-penalised logistic regressions on random group-balanced subsets.

    Parameters
    ----------
    train, validation : GroupedFeatures
        The same d features; the z-score is done here.
    rng : numpy.random.Generator
        Draws halves and subsets.
    fit_on : {"validation", "train"}, default "validation"
        "validation" is DFR: C is trained on one half of validation and chosen by worst-group accuracy on the other.
        "train" is DFR-train: C is trained on training subsets and chosen by worst-group accuracy on validation.
    c_options : sequence of float
        Positive; the earliest wins a tie.
    n_models : int, optional
        Number of subsets to average over. Default: 20 for "validation", 10 for "train".

    Returns
    -------
    LinearClassifier
        The mean over the subsets, of features before their z-score; `C` is the one that was chosen.

    Raises
    ------
    BadArray
        If the input does not fit, or a subset lacks a class.

    Notes
    -----
    With more than two classes, each is trained against the rest.
    """
    n_models = N_MODELS[fit_on] if n_models is None else n_models
    check_pair(train, validation)
    c = _chosen_c(train, validation, fit_on, c_options, rng)
    data, scaler = validation if fit_on == "validation" else train, StandardScaler().fit(train.features)
    models = [
        _fit(data.take(subsampled_rows(data.groups, rng)), c, train.n_classes, scaler, rng) for _ in range(n_models)
    ]
    coef = np.mean([model.coef for model in models], axis=0)
    return LinearClassifier(coef, np.mean([model.intercept for model in models], axis=0), {"C": c})


def _chosen_c(
    train: GroupedFeatures,
    validation: GroupedFeatures,
    fit_on: FitOn,
    c_options: Sequence[float],
    rng: np.random.Generator,
) -> float:
    """Return the option with the best worst-group accuracy on images that its regression was not trained on."""
    fitted, chosen_on = train, validation
    if fit_on == "validation":
        order, half = rng.permutation(len(validation)), len(validation) // 2
        if not half:
            raise BadArray("validation has one image, but choosing C needs at least two")
        fitted, chosen_on = validation.take(order[half:]), validation.take(order[:half])
    tuning = fitted.take(subsampled_rows(fitted.groups, rng))
    scaler = StandardScaler().fit(tuning.features if fit_on == "validation" else train.features)
    accuracies = [
        chosen_on.worst_group_accuracy(_fit(tuning, c, train.n_classes, scaler, rng).predict(chosen_on.features))
        for c in c_options
    ]
    return c_options[int(np.argmax(accuracies))]


def _fit(
    data: GroupedFeatures, c: float, n_classes: int, scaler: StandardScaler, rng: np.random.Generator
) -> LinearClassifier:
    """Train the regression of one subset, and rewrite it for features before their z-score."""
    if len(np.unique(data.labels)) < n_classes:
        raise BadArray(f"a balanced subset of {len(data)} images lacks one of the {n_classes} classes")
    x = scaler.transform(data.features)
    if n_classes == 2:
        v, bias = _logistic_regression(x, data.labels == 1, c, rng)
        coef, intercept = np.stack([np.zeros_like(v), v]), np.array([0.0, bias])
    else:
        each = [_logistic_regression(x, data.labels == label, c, rng) for label in range(n_classes)]
        coef, intercept = np.stack([v for v, _ in each]), np.array([bias for _, bias in each])
    return LinearClassifier(*without_scaling(coef, intercept, scaler.mean_, scaler.scale_))


def _logistic_regression(
    x: NDArray[np.floating], is_class: NDArray[np.bool_], c: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], float]:
    """Minimise ‖v‖₁ + C Σ log-loss over v [d] and the bias, by the published solver, which also penalises the bias."""
    seed = int(rng.integers(2**31))  # the solver visits coordinates in random order
    model = LogisticRegression(l1_ratio=1, C=c, solver="liblinear", random_state=seed).fit(x, is_class)
    return model.coef_[0], float(model.intercept_[0])
