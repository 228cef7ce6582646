"""Wrong images of a class that no concept selects: how many, and whether they lie in clusters of their own.

Clusters are of the images' embeddings, their number by silhouette. They count only where images of the same class,
drawn at random from those that no concept selects, right and wrong, do not lie as far apart, or as near together.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count, islice

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.metrics.pairwise import euclidean_distances
from threadpoolctl import threadpool_limits

from annotations.analysis.concepts.concept_columns import FEWEST_CLUSTERED, UnnamedRow
from annotations.analysis.observations.study_rows import TaskFacts
from annotations.analysis.statistics.estimate_types import LEVEL, SEED, wilson_interval
from annotations.models import BaseModel, Task
from annotations.readings.datasets.class_images import class_images
from modeling.arrays.common.steps import step_done

MOST = 200  # images that are looked at for clusters; of more, as many drawn at random
MAX_CLUSTERS, SMALLEST = 6, 5  # clusters, and images a cluster on average
DRAWS, ENOUGH = 99, 10  # of images; those that reach what was found
CHANCE = (1 - LEVEL) / 2  # two questions are asked, so each may be answered wrongly half as often


@dataclass(frozen=True)
class Measured:
    """A number of the unnamed errors, and its p-value beside those of as many images drawn at random."""

    value: float
    p_value: float

    @classmethod
    def beside(cls, value: float, draws: Iterator[float]) -> "Measured":
        """Draw until ENOUGH reach the value, at most DRAWS times (Besag and Clifford 1991)."""
        reach = 0
        for n, drawn in enumerate(islice(draws, DRAWS), start=1):
            reach += drawn >= value
            if reach == ENOUGH:
                return cls(value, reach / n)
        return cls(value, (1 + reach) / (1 + DRAWS))

    @property
    def is_telling(self) -> bool:
        return self.p_value <= CHANCE


@dataclass(frozen=True)
class Clusters:
    """Clusters of some of the images given, the largest first; none: they have no structure.

    members: positions among the images, those nearest to the centre first. apart: the silhouette of the best number of
    clusters; alike: mean similarity of two images.
    """

    members: tuple[tuple[int, ...], ...]
    apart: Measured
    alike: Measured


def unnamed_rows(facts: TaskFacts, task: Task, inside: NDArray[np.bool_]) -> Iterator[UnnamedRow]:
    """Yield a row for all wrong images of a task's class outside every slice, then one for each cluster of them.

    inside: bool[K, n], the slice of each of K concepts among the class's images. Raises BadDataset.
    """
    assert task.target_class is not None, "a task with phrases has a class"
    images = class_images(task.base_model, task.target_class)
    outside = np.ones(len(images.rows), np.bool_)
    for each in inside:
        outside &= ~each
    unnamed = np.flatnonzero(outside & images.is_error)
    found = (
        _kept(task.base_model_id, task.target_class, outside.tobytes()) if len(unnamed) >= FEWEST_CLUSTERED else None
    )
    keys = task.base_model.dataset.files.image_keys[images.rows]

    def row(number: int, members: NDArray[np.int64], **more: float) -> UnnamedRow:
        low, high = wilson_interval(len(members), images.n_error) or (0.0, 0.0)
        return UnnamedRow(
            task=facts.position,
            class_name=facts.class_name,
            cluster=number,
            n=len(members),
            of_errors=len(members) / images.n_error if images.n_error else 0.0,
            low=low,
            high=high,
            images=tuple(key.decode() for key in keys[members]),
            dataset=task.base_model.dataset_id,
            **more,
        )

    tested: dict[str, float] = {"of_correct": float(outside[~images.is_error].mean())} if images.n_correct else {}
    if found:
        for name, of in (("silhouette", found.apart), ("likeness", found.alike)):
            tested |= {name: of.value, f"{name}_p": of.p_value}
    yield row(0, unnamed, **tested)
    for number, members in enumerate(found.members if found else (), start=1):
        yield row(number, unnamed[list(members)])


@lru_cache(maxsize=1_024)
def _kept(base_model: int, label: int, outside: bytes) -> Clusters:
    """Kept, since a base model's errors never change."""
    shown = BaseModel.objects.select_related("dataset").get(pk=base_model)
    images = class_images(shown, label)
    some: NDArray[np.bool_] = np.frombuffer(outside, np.bool_)
    embedded = shown.dataset.files.array("similarity")[images.rows[some]]
    return find_clusters(embedded, images.is_error[some])


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
