"""Data like an image encoder's for the benchmarks: a decaying spectrum, a spurious attribute, noisy labels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.datasets.groups import group_ids
from clarify_errors.arrays.embeddings.standardization import Standardization
from clarify_errors.arrays.retraining.slices import slice_membership, slice_weights

L2 = 0.01

_GROUP_SHARES = (0.73, 0.04, 0.01, 0.22)  # those of Waterbirds' training images
_NOISY_LABELS = 0.05


@dataclass(frozen=True)
class Planted:
    """features: float32[n, d], standardised; labels, groups: int64[n]; weights: float64[n, K], of K annotations."""

    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]
    weights: NDArray[np.float64]


def planted(n: int, d: int, n_annotations: int, seed: int = 0) -> Planted:
    """n images of two classes with d features, and annotations by directions near and far from the attribute's."""
    rng = np.random.default_rng(seed)
    label_and_attribute = rng.choice(4, size=n, p=_GROUP_SHARES)
    labels, attributes = label_and_attribute // 2, label_and_attribute % 2
    seen = np.where(rng.random(n) < _NOISY_LABELS, 1 - labels, labels)
    towards_class, towards_attribute = (_unit(rng, d) * length for length in (0.42, 0.72))
    x = rng.standard_normal((n, d), dtype=np.float32)
    x *= np.arange(1, d + 1, dtype=np.float32) ** -0.5
    x += np.outer(seen - 0.5, towards_class).astype(np.float32)
    x += np.outer(attributes - 0.5, towards_attribute).astype(np.float32)
    rotation = np.linalg.qr(rng.standard_normal((d, d)))[0].astype(np.float32)
    for start in range(0, n, 4096):
        x[start : start + 4096] = x[start : start + 4096] @ rotation
    attribute_direction = towards_attribute @ rotation / np.linalg.norm(towards_attribute)
    weights = np.empty((n, n_annotations))
    for k in range(n_annotations):
        similarities = x @ (_unit(rng, d) + rng.uniform(0, 1.5) * attribute_direction).astype(np.float32)
        annotated = k % 2
        threshold = np.quantile(similarities[labels == annotated], rng.uniform(0.3, 0.97))
        members = (similarities > threshold) & (labels == annotated)
        weights[:, k] = slice_weights(labels, slice_membership(members, labels, annotated))
    return Planted(Standardization.fit(x).apply(x), labels, group_ids(labels, attributes, 2), weights)


def planted_classes(n: int, d: int, n_classes: int, n_annotations: int, seed: int = 0) -> Planted:
    """n images of C classes with d features, and annotations of one class each, by random directions."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % n_classes)
    spectrum = np.arange(1, d + 1, dtype=np.float32) ** -0.25
    x = rng.standard_normal((n, d), dtype=np.float32) * spectrum
    x += rng.standard_normal((n_classes, d), dtype=np.float32)[labels] * spectrum**2
    x = Standardization.fit(x).apply(x)
    weights = np.empty((n, n_annotations))
    for k in range(n_annotations):
        similarities, annotated = x @ _unit(rng, d).astype(np.float32), k % n_classes
        members = (similarities > np.median(similarities[labels == annotated])) & (labels == annotated)
        weights[:, k] = slice_weights(labels, slice_membership(members, labels, annotated))
    return Planted(x, labels, labels, weights)


def _unit(rng: np.random.Generator, d: int) -> NDArray[np.float64]:
    direction = rng.standard_normal(d)
    return direction / np.linalg.norm(direction)
