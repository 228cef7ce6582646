"""Images of a data set with what staff may know of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from annotations.models import Dataset
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
