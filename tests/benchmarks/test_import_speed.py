"""`make bench`: an import beside an encoder that sleeps, half and twice as fast as images are decoded here.

Decoding is reading, checking the digest, decoding apart, a thumbnail, and the size that a CLIP model takes. What counts
is the time from the first image that is asked for to the last row on the disk.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from clarify_errors.arrays.datasets.importing.embedding_arrays import array_encoders
from clarify_errors.arrays.datasets.importing.importer import import_images
from clarify_errors.arrays.datasets.importing.listings import Source
from clarify_errors.arrays.datasets.importing.sources import read_source

N, SIZE, DIM = 2_000, (500, 375), 16
GROUP = f"import of {N:,} images of {SIZE[0]} x {SIZE[1]}, per image"
PROCESSES = os.cpu_count() or 1
names = count()


class SleepingEncoder:
    dim, device = DIM, ""
    description: Mapping[str, Any] = MappingProxyType({"spec": "python:sleeping", "name": "sleeping"})

    def __init__(self, seconds_an_image: float = 0.0) -> None:
        self._seconds = seconds_an_image

    def prepare(self, image: Image.Image) -> Image.Image:
        return ImageOps.fit(image, (224, 224), Image.Resampling.BICUBIC)

    def encode_images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        time.sleep(self._seconds * len(images))
        return np.eye(DIM, dtype=np.float32)[[hash(image.getpixel((112, 112))) % DIM for image in images]]


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """JPEG files of about 60 kB: soft shapes with some grain."""
    folder, rng = tmp_path_factory.mktemp("photographs"), np.random.default_rng(0)
    for number in range(N):
        shapes = Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)).resize(
            SIZE, Image.Resampling.BICUBIC
        )
        grain = rng.normal(0, 8, (SIZE[1], SIZE[0], 1))
        path = folder / ("train", "val")[number % 2] / "soft" / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.clip(np.asarray(shapes) + grain, 0, 255).astype(np.uint8)).save(path, quality=90)
    return read_source("imagefolder", folder)


def imported(source: Source, data_root: Path, seconds_an_image: float, n_processes: int = PROCESSES) -> float:
    """Images a second of the stage `embedding`."""
    times: list[float] = []

    def progress(stage: str, done: int, total: int) -> None:
        if stage == "embedding":
            times.append(time.perf_counter())

    import_images(
        source,
        data_root,
        f"soft-{next(names)}",
        encoders=array_encoders(SleepingEncoder(seconds_an_image)),
        key_secret=b"secret",
        n_processes=n_processes,
        progress=progress,
    )
    return len(source.images) / (times[-1] - times[0])


@pytest.fixture(scope="module")
def decoder(photographs: Source, tmp_path_factory: pytest.TempPathFactory) -> Iterator[float]:
    """Images a second that are decoded where the encoder takes no time, the best of three."""
    folder = tmp_path_factory.mktemp("decoded")
    yield max(imported(photographs, folder, 0) for _ in range(3))


@pytest.mark.parametrize("n_processes", sorted({1, PROCESSES}))
def test_decoding_alone(benchmark: Any, photographs: Source, tmp_path: Path, n_processes: int) -> None:
    benchmark.group = GROUP
    benchmark.extra_info |= {"images": N, "baseline": n_processes == 1}
    benchmark.pedantic(imported, (photographs, tmp_path, 0.0, n_processes), rounds=3)


@pytest.mark.parametrize("encoder", ["half_as_fast", "twice_as_fast"])
def test_beside_an_encoder(benchmark: Any, photographs: Source, tmp_path: Path, decoder: float, encoder: str) -> None:
    benchmark.group = GROUP
    rate = decoder * {"half_as_fast": 0.5, "twice_as_fast": 2}[encoder]
    reached = [benchmark.pedantic(imported, (photographs, tmp_path, 1 / rate), rounds=1)]
    reached += [imported(photographs, tmp_path, 1 / rate) for _ in range(2)]
    slower = min(rate, decoder)
    benchmark.extra_info |= {
        "images": N,
        "note": (
            f"Beside an encoder {encoder.replace('_', ' ')} as {PROCESSES} processes decode ({decoder:.0f} images a "
            f"second): {' / '.join(f'{each / slower:.2f}' for each in reached)} of the slower of the two "
            "(goal: 0.9, three runs)"
        ),
    }
    print("\n" + benchmark.extra_info["note"])
