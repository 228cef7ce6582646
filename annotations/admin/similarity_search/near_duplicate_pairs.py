"""Evaluation images that also stand in train, as the data set's page shows them."""

from dataclasses import dataclass

from annotations.admin.similarity_search.pictures import Picture, pictures_of
from annotations.models import Dataset, ImageIndex


@dataclass(frozen=True)
class Pair:
    """An evaluation image, the train image that is nearly the same, and their similarity."""

    image: Picture
    other: Picture
    similarity: float


def pairs_of(owner: str, dataset: Dataset, index: ImageIndex) -> list[Pair]:
    """Return the pairs that were kept of an index, the most similar first."""
    stored = index.near_duplicates.get("pairs", [])
    images = pictures_of(owner, dataset, [row for row, _, _ in stored])
    others = pictures_of(owner, dataset, [row for _, row, _ in stored])
    return [
        Pair(image, other, similarity) for image, other, (_, _, similarity) in zip(images, others, stored, strict=True)
    ]
