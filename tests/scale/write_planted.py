"""Writes planted embeddings as folders that `import_dataset --format embeddings` reads, and lists beside them."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.scale.planted_imagenet import GROUPS, Planting

Parts = Sequence[tuple[str, int, int]]  # split, images of a class, number of the set of images
_CLASSES_A_FILE = 50


def write(folder: Path, planting: Planting, parts: Parts) -> None:
    """Write the files of a data set, in float16 as clip-retrieval does."""
    for name in ("img_emb", "metadata"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number, labels in enumerate(_some(planting.classes)):
        drawn = [(label, split, *planting.images(label, n, part)) for label in labels for split, n, part in parts]
        np.save(
            folder / "img_emb" / f"img_emb_{number}.npy", np.concatenate([x for *_, x, _ in drawn]).astype(np.float16)
        )
        lines: dict[str, list[str]] = {"image_path": [], "split": [], "label": [], "attribute": []}
        for label, split, rows, groups in drawn:
            lines["image_path"] += [f"{split}/{label:04}/{i:05}.jpg" for i in range(len(rows))]
            lines["split"] += [split] * len(rows)
            lines["label"] += [class_name(label)] * len(rows)
            lines["attribute"] += [GROUPS[group] for group in groups]
        pq.write_table(pa.table(lines), folder / "metadata" / f"metadata_{number}.parquet")


def class_name(label: int) -> str:
    return f"class {label:04}"


def _some(n: int) -> Iterator[range]:
    """Classes that share a file."""
    yield from (range(first, min(first + _CLASSES_A_FILE, n)) for first in range(0, n, _CLASSES_A_FILE))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--share", type=float, required=True)
    arguments = parser.parse_args()
    planting, folder = Planting.of_share(arguments.share), arguments.folder
    shown = [("train", planting.train, 0), ("validation", planting.validation, 1), ("test", planting.test, 2)]
    write(folder / "planted", planting, shown)
    write(folder / "planted-v2", planting, [("test", planting.second, 3)])
    annotated = [f"{class_name(planting.planted_class(k))},attribute {k}\n" for k in range(planting.planted)]
    (folder / "annotations.csv").write_text("".join(["class,phrase\n", *annotated]))
    (folder / "words.txt").write_text("".join(f"{word}\n" for word in planting.keywords()))


if __name__ == "__main__":
    main()
