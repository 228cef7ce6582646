"""The set that the demo draws, and what the bundled encoder says of its images, once for all processes of a run."""

import hashlib
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL.Image import Image

from clarify_errors.arrays.sprites import sprites_source
from clarify_errors.arrays.sprites.sprites_source import SpritesDataset
from clarify_errors.tensors.encoders.clip import OpenClipEncoder

draw, encode = sprites_source.sprites_dataset, OpenClipEncoder.encode_images
_rows: dict[tuple[str, bytes], NDArray[np.float32]] = {}
T = TypeVar("T")


def _made_once(file: Path, make: Callable[[], T]) -> T:
    """What a file holds that this process or another one of the run wrote; where there is none, write it."""
    if not file.exists():
        unfinished = file.with_name(f"{file.name}.{os.getpid()}")
        unfinished.write_bytes(pickle.dumps(make()))
        unfinished.rename(file)
    made: T = pickle.loads(file.read_bytes())
    return made


@pytest.fixture(scope="session")
def drawn_and_embedded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Callable[..., object], Callable[..., object]]:
    """Stand for the function that draws the set and for the encoder's method."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # of all processes

    @lru_cache(maxsize=1)
    def drawn(seed: int) -> SpritesDataset:
        return _made_once(folder / f"sprites-{seed}", lambda: draw(seed))

    def embedded(self: OpenClipEncoder, images: Sequence[Image]) -> NDArray[np.float32]:
        keys = [(self.name, hashlib.sha256(image.tobytes()).digest()) for image in images]
        if not _rows.keys() >= set(keys):  # the whole batch: its size counts in the last bits
            batch = hashlib.sha256(repr(keys).encode()).hexdigest()
            rows = _made_once(folder / f"embedded-{batch}", lambda: encode(self, images))
            _rows.update(zip(keys, rows, strict=True))
        return np.stack([_rows[key] for key in keys])

    return drawn, embedded


@pytest.fixture(scope="module")
def sprites_once(drawn_and_embedded: tuple[Callable[..., object], Callable[..., object]]) -> Iterator[None]:
    """Draw the set, and embed each of its images, where nobody in this run has done it."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sprites_source, "sprites_dataset", drawn_and_embedded[0])
        patched.setattr(OpenClipEncoder, "encode_images", drawn_and_embedded[1])
        yield
