"""Pool of drawn sprites from which training samples its batches. A few are replaced at every step."""

from collections.abc import Callable, Iterable

import numpy as np
import torch
from open_clip.constants import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD

from modeling.arrays.sprites.attributes import VALUES, SpriteAttributes
from modeling.arrays.sprites.drawing import Images, draw

_MEAN = torch.tensor(OPENAI_DATASET_MEAN).view(1, 3, 1, 1)
_STD = torch.tensor(OPENAI_DATASET_STD).view(1, 3, 1, 1)
_DRAWN_AT_ONCE = 500

Progress = Callable[[Iterable[int]], Iterable[int]]


def pixels(images: Images) -> torch.Tensor:
    """Normalise images as open_clip does.

    Parameters
    ----------
    images : uint8 ndarray of shape (n, 64, 64, 3)

    Returns
    -------
    float32 Tensor of shape (n, 3, 64, 64)
    """
    scaled = torch.from_numpy(images).permute(0, 3, 1, 2).float().div_(255)
    return scaled.sub_(_MEAN).div_(_STD)


class SpritePool:
    """Pool of random sprites, drawn in the training process.

    On two cores, a second busy process would slow each step by more than drawing takes.

    Parameters
    ----------
    size : int
    rng : numpy.random.Generator
    progress : callable, optional
        Wraps the iteration over the chunks to draw.
    """

    def __init__(self, size: int, rng: np.random.Generator, progress: Progress = lambda steps: steps) -> None:
        self._rng = rng
        self._columns = {name: np.empty(size, dtype=np.int8) for name in VALUES}
        self._images = np.empty((size, 64, 64, 3), dtype=np.uint8)
        self._oldest = 0
        for _ in progress(range(0, size, _DRAWN_AT_ONCE)):
            self.renew(min(_DRAWN_AT_ONCE, size))

    def renew(self, n: int) -> None:
        """Replace the n oldest sprites by new ones.

        Parameters
        ----------
        n : int
            At most the size of the pool.
        """
        size = len(self._images)
        rows = (self._oldest + np.arange(n)) % size
        attributes = SpriteAttributes.random(n, self._rng)
        for name, column in self._columns.items():
            column[rows] = getattr(attributes, name)
        self._images[rows] = draw(attributes, self._rng)
        self._oldest = (self._oldest + n) % size

    def batch(self, n: int, easy_share: float) -> tuple[torch.Tensor, SpriteAttributes]:
        """Sample a batch; half of the images are mirrored, which changes no attribute.

        Parameters
        ----------
        n : int
        easy_share : float
            Approximate share of plain sprites that are not small, in [0, 1].

        Returns
        -------
        images : float32 Tensor of shape (n, 3, 64, 64)
        attributes : SpriteAttributes
        """
        easy = np.flatnonzero((self._columns["texture"] == 0) & (self._columns["size"] > 0))
        rows = self._rng.integers(len(self._images), size=n)
        rows = np.where(self._rng.random(n) < easy_share, self._rng.choice(easy, n), rows)
        images = self._images[rows]
        mirrored = self._rng.random(n) < 0.5
        images[mirrored] = images[mirrored, :, ::-1]
        return pixels(images), SpriteAttributes(**{name: column[rows] for name, column in self._columns.items()})
