"""Clusters of wrong images of a class that no concept selects.

Clusters are of the images' embeddings, their number by silhouette. They count only where images of the same class,
drawn at random from those that no concept selects, right and wrong, do not lie as far apart, or as near together.
"""

from itertools import count

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.metrics.pairwise import euclidean_distances
from threadpoolctl import threadpool_limits

from annotations.analysis.concepts.concept_columns import Clusters, Measured
from annotations.analysis.statistics.estimate_types import SEED
from clarify_errors.arrays.common.steps import step_done

MOST = 200  # images that are looked at for clusters; of more, as many drawn at random
MAX_CLUSTERS, SMALLEST = 6, 5  # clusters, and images a cluster on average


def find_clusters(images: NDArray[np.float32], is_error: NDArray[np.bool_]) -> Clusters:
    """Look for clusters of the wrong ones of some images, of which at least FEWEST_CLUSTERED are wrong.

    images: float32[n, d], unit embeddings; is_error: bool[n]. The same input gives the same result.
    """
    rng = np.random.default_rng(SEED)
    wrong = images[is_error]
    size = min(len(wrong), MOST)
    # The arrays are small: threads, and checks of the parameters of each call, cost more than they save.
    with threadpool_limits(1), config_context(skip_parameter_validation=True):
        seen = wrong[rng.permutation(len(wrong))[:size]]
        best = _clustered(seen)
        drawn = (images[rng.choice(len(images), size, replace=False)] for _ in count())
        apart = Measured.beside(best[0], (_clustered(each)[0] for each in drawn))
        alike = Measured.beside(_likeness(seen), map(_likeness, drawn))
        if apart.is_telling:
            return Clusters(_members(wrong, best[1].predict(wrong), best[1].cluster_centers_), apart, alike)
    one = (np.zeros(len(wrong), np.int64), wrong.mean(axis=0, keepdims=True))
    return Clusters(_members(wrong, *one) if alike.is_telling else (), apart, alike)


def _clustered(images: NDArray[np.float32]) -> tuple[float, KMeans]:
    """The largest silhouette over numbers of clusters, and the clusters that have it."""
    most = max(2, min(MAX_CLUSTERS, len(images) // SMALLEST))
    fitted = [KMeans(k, n_init=2, random_state=SEED).fit(images) for k in range(2, most + 1)]
    distances = euclidean_distances(images)
    scores = [_silhouette(distances, each.labels_) for each in fitted]
    place = int(np.argmax(scores))
    step_done()
    return scores[place], fitted[place]


def _silhouette(distances: NDArray[np.float32], labels: NDArray[np.int32]) -> float:
    """-1 where images that are all the same make one cluster."""
    return float(silhouette_score(distances, labels, metric="precomputed")) if len(np.unique(labels)) > 1 else -1.0


def _likeness(images: NDArray[np.float32]) -> float:
    """Mean similarity of two different images."""
    n, total = len(images), float(np.square(images.sum(axis=0, dtype=np.float64)).sum())
    return (total - float(np.square(images, dtype=np.float64).sum())) / (n * (n - 1))


def _members(
    images: NDArray[np.float32], labels: NDArray[np.integer], centres: NDArray[np.float32]
) -> tuple[tuple[int, ...], ...]:
    distances = np.linalg.norm(images - centres[labels], axis=1)
    order = np.argsort(distances, kind="stable")
    clusters = [tuple(order[labels[order] == number].tolist()) for number in range(len(centres))]
    return tuple(sorted((each for each in clusters if each), key=lambda each: (-len(each), each)))
