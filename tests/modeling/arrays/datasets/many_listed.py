"""What an import of many listed images takes, in a process of its own: FOLDER N prints the most bytes."""

import gc
import json
import sys
import tracemalloc
from pathlib import Path

import numpy as np

from clarify_errors.arrays.common.progress import Progress
from clarify_errors.arrays.datasets.dataset_files import open_dataset
from clarify_errors.arrays.datasets.importing import shards
from clarify_errors.arrays.datasets.importing.embedding_arrays import Encoders, array_encoders
from clarify_errors.arrays.datasets.importing.importer import import_images
from clarify_errors.arrays.datasets.importing.shards import Plan
from clarify_errors.arrays.pools.pool_sources import read_pool
from tests.modeling.arrays.datasets.pixel_encoder import PixelEncoder


def embed_nothing(plan: Plan, encoders: Encoders, n_processes: int, progress: Progress) -> None:
    """Leaves what embedding would leave, without a look at the images."""
    for shard in plan.waiting:
        shard.result.mkdir()
        np.save(shard.result / "similarity.npy", np.ones((shard.count, 16), np.float32))
        (shard.result / shards.REJECTED).write_text("{}")


def peak_of(root: Path, data_root: Path, n: int) -> int:
    """The most memory of Python and NumPy, in bytes, in an import of n images whose names have 36 letters."""
    for number in range(n):
        folder = root / f"{number % 50:02}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number * 7919 % n:028}.jpg").write_text(str(number))
    gc.collect()
    tracemalloc.start()
    try:
        directory = import_images(
            read_pool(root),
            data_root,
            "many",
            encoders=array_encoders(PixelEncoder()),
            key_secret=b"secret",
            embed=embed_nothing,
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(json.loads((directory / "filenames.json").read_bytes())) == open_dataset(directory).n_rows == n
    return peak


if __name__ == "__main__":
    print(peak_of(Path(sys.argv[1]) / "images", Path(sys.argv[1]) / "data", int(sys.argv[2])))
