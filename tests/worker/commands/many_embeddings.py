"""What an import of many wide embeddings takes, in a process of its own: FOLDER N prints the most bytes."""

import gc
import sys
import tracemalloc
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image

from clarify_errors.arrays.common.progress import silent
from clarify_errors.arrays.datasets.dataset_files import open_dataset
from clarify_errors.arrays.datasets.importing import row_files
from worker.datasets.embedding_imports import import_embeddings


class Wide:
    dim, device = 2048, ""
    description: Mapping[str, Any] = MappingProxyType({"spec": "python:wide"})

    def prepare(self, image: Image.Image) -> Image.Image:
        return image

    def encode_images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        raise AssertionError("no image is at hand")


def write_part(folder: Path, number: int, rows: NDArray[Any], table: dict[str, list[Any]]) -> None:
    for name in ("img_emb", "metadata"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    np.save(folder / "img_emb" / f"img_emb_{number}.npy", rows)
    pq.write_table(pa.table(table), folder / "metadata" / f"metadata_{number}.parquet")


def peak_of(folder: Path, data_root: Path, n: int) -> int:
    """The most memory of Python and NumPy, in bytes, in an import of n rows of 8 KiB."""
    rng = np.random.default_rng(0)
    names = [f"{i * 7919 % n:07}.jpg" for i in range(n)]
    write_part(
        folder,
        0,
        rng.normal(size=(n, Wide.dim)).astype(np.float32),
        {"key": names, "split": ["train", "val"] * (n // 2), "cls": [i % 10 for i in range(n)]},
    )
    gc.collect()
    tracemalloc.start()
    try:
        directory = import_embeddings(
            folder, data_root, "wide", Wide(), None,
            class_names=(), attribute_names=(), key_secret=b"secret", progress=silent,
        )  # fmt: skip
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert open_dataset(directory).n_rows == n
    return peak


if __name__ == "__main__":
    row_files.BLOCK_BYTES = 2**20
    print(peak_of(Path(sys.argv[1]) / "embedded", Path(sys.argv[1]) / "data", int(sys.argv[2])))
