"""Images as a page shows them: in a grid, told apart as right and wrong, with the count of all beside.

Samples are seeded, so that a reload, another tab and another device show the same images.
"""

from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext
from numpy.typing import NDArray

from annotations.datasets.class_images import ClassImages
from annotations.datasets.thumbnails import thumbnail_url
from annotations.models import BaseModel
from clarify_errors.arrays.common.samples import sample


@dataclass(frozen=True)
class Picture:
    """One image on a page: its row in the data set, and `said`, the class that the AI gave it."""

    number: int
    row: int
    url: str
    is_error: bool
    said: str

    @property
    def name(self) -> str:
        """The picture's text where it must not tell whether the AI was right."""
        return gettext("Image %(number)s") % {"number": self.number}

    @property
    def description(self) -> str:
        """The picture's text, which tells whether the AI was right."""
        text = (
            gettext("Image %(number)s, the AI was wrong")
            if self.is_error
            else gettext("Image %(number)s, the AI was right")
        )
        return text % {"number": self.number}


@dataclass(frozen=True)
class Grid:
    """Some of `n_images` images."""

    pictures: tuple[Picture, ...]
    n_images: int

    @property
    def rows(self) -> list[int]:
        return [picture.row for picture in self.pictures]

    @property
    def has_others(self) -> bool:
        return self.n_images > len(self.pictures)


def pictures_of(
    owner: str,
    base_model: BaseModel,
    images: ClassImages,
    positions: NDArray[np.int64],
    numbers: NDArray[np.int64] | None = None,
) -> tuple[Picture, ...]:
    """Return the images of a class at some positions (int[m], into the arrays of `images`).

    numbers: of all the class's images, from `visit_numbers`. Default: those shown are numbered from 1.
    """
    dataset = base_model.dataset
    keys = dataset.files.image_keys[images.rows[positions]]
    return tuple(
        Picture(
            shown if numbers is None else int(numbers[position]),
            int(images.rows[position]),
            thumbnail_url(owner, dataset.pk, key.decode()),
            bool(images.is_error[position]),
            str(dataset.class_names[images.predicted[position]]),
        )
        for shown, (key, position) in enumerate(zip(keys, positions, strict=True), start=1)
    )


def visit_numbers(is_error: NDArray[np.bool_], seed: tuple[int, ...]) -> NDArray[np.int64]:
    """Number a class's images from 1, so that an image has one number wherever a visit sees it: int64[n].

    seed: of the visit's samples of the right images, (*seed, 0), and of the wrong ones, (*seed, 1). Numbers ascend in
    the order of both, which are mixed evenly, so that no number tells whether the AI was right.
    """
    places = np.empty(len(is_error))
    for side in (0, 1):
        positions = np.flatnonzero(is_error == bool(side))
        n = len(positions)
        places[positions[sample(n, n, 0, (*seed, side))]] = (np.arange(n) + 0.5) / max(n, 1)
    numbers = np.empty(len(is_error), np.int64)
    numbers[np.argsort(places, kind="stable")] = np.arange(1, len(is_error) + 1)
    return numbers
