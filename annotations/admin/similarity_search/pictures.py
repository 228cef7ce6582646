"""Images of a data set with what staff may know of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from annotations.models import Dataset, ImageIndex
from annotations.readings.datasets.thumbnails import thumbnail_url
from modeling.arrays.datasets.dataset_files import Split


@dataclass(frozen=True)
class Picture:
    """One image, at an address for whoever asked; `sign` is that of an example, `similarity` that of a result."""

    row: int
    url: str
    class_name: str
    split: str
    sign: str = ""
    similarity: float | None = None

    @property
    def description(self) -> str:
        """What stands in the place of the picture."""
        return f"Image {self.row:,}, {self.class_name}, {self.split}"


def pictures_of(
    owner: str, dataset: Dataset, rows: Sequence[int], *, sign: str = "", similarities: Sequence[float] = ()
) -> list[Picture]:
    """Return images in the order of their rows' list."""
    files = dataset.files
    return [
        Picture(
            row=row,
            url=thumbnail_url(owner, dataset.pk, files.image_keys[row].decode()),
            class_name=str(dataset.class_names[files.labels[row]]),
            split=Split(int(files.splits[row])).word,
            sign=sign,
            similarity=similarities[place] if similarities else None,
        )
        for place, row in enumerate(rows)
    ]


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
