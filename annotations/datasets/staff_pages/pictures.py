"""Images of a data set with what staff may know of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from annotations.datasets.thumbnails import thumbnail_url
from annotations.models import BaseModel, Dataset, ImageIndex
from clarify_errors.arrays.datasets.dataset_files import Split


@dataclass(frozen=True)
class Picture:
    """One image, at an address for whoever asked; `sign` is that of an example, `similarity` that of a result.

    key: tells it from images of other data sets; said: the class that a model gives it, empty where it gives none;
    is_right: whether that is its own.
    """

    key: str
    row: int
    url: str
    class_name: str
    split: str
    sign: str = ""
    similarity: float | None = None
    said: str = ""
    is_right: bool = False

    @property
    def description(self) -> str:
        """What stands in the place of the picture."""
        return f"Image {self.row:,}, {self.class_name}, {self.split}"


def pictures_of(
    owner: str,
    dataset: Dataset,
    rows: Sequence[int],
    *,
    sign: str = "",
    similarities: Sequence[float] = (),
    model: BaseModel | None = None,
) -> list[Picture]:
    """Return images in the order of their rows' list, with what the model says of them if it is of the data set."""
    files = dataset.files
    said = model.predicted if model is not None and model.dataset_id == dataset.pk else None
    return [
        Picture(
            key=f"{dataset.pk}_{row}",
            row=row,
            url=thumbnail_url(owner, dataset.pk, files.image_keys[row].decode()),
            class_name=str(dataset.class_names[files.labels[row]]),
            split=Split(int(files.splits[row])).word,
            sign=sign,
            similarity=similarities[place] if similarities else None,
            said="" if said is None or said[row] < 0 else str(dataset.class_names[said[row]]),
            is_right=said is not None and bool(said[row] == files.labels[row]),
        )
        for place, row in enumerate(rows)
    ]


def pairs_of(owner: str, dataset: Dataset, index: ImageIndex) -> Iterator[tuple[Picture, Picture, float]]:
    """Yield the pairs that were kept of an index, the most similar first.

    Each is an evaluation image, the train image that is nearly the same, and their similarity.
    """
    stored = index.near_duplicates.get("pairs", [])
    images, others = (pictures_of(owner, dataset, [pair[side] for pair in stored]) for side in (0, 1))
    yield from zip(images, others, (pair[2] for pair in stored), strict=True)
