"""Folders of generated images for tests."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image


def write_image(path: Path, seed: int, size: tuple[int, int] = (24, 16)) -> Path:
    """A distinct image per seed, in the format that the name ends with."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def write_csv_folder(root: Path, rows: Sequence[tuple[str, str, str, str]]) -> Path:
    """Images and a metadata.csv of (filename, split, class, attribute)."""
    for seed, (filename, *_) in enumerate(rows):
        write_image(root / filename, seed)
    lines = ["filename,split,class,attribute", *(",".join(row) for row in rows)]
    (root / "metadata.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return root


def animals(per_group: int = 2) -> list[tuple[str, str, str, str]]:
    """Rows of dogs and horses, photographs and cartoons, in three splits; names are not in the order of rows."""
    return [
        (f"images/{n}-{kind}-{animal}-{split}.png", split, animal, kind)
        for n in range(per_group)
        for kind in ("photograph", "cartoon")
        for animal in ("horse", "dog")
        for split in ("test", "validation", "train")
    ]
