"""A data set as unequal as CelebA, written from planted numbers: which slice is the true one is known.

Two classes in two environments; the second class is rare, and nearly always in the first environment. The space of
similarities has one direction for the environment and one that says nothing of anything.
"""

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from annotations.models import Dataset
from clarify_errors.arrays.datasets import dataset_files as files
from clarify_errors.arrays.datasets.dataset_files import ArrayEntry, Manifest, Split, counts_by_split

RARE = 1
COUNTS = {  # images by class and environment
    Split.TRAIN: ((18_000, 16_500), (6_000, 350)),
    Split.VALIDATION: ((400, 400), (400, 100)),
    Split.TEST: ((20_000, 20_000), (20_000, 20_000)),  # so that a point is a point
}
TRUE = np.array([1, 0, 0], np.float32)  # above ENVIRONMENT: the second environment
NOISE = np.array([0, 1, 0], np.float32)
ABOVE_TRUE, ABOVE_NOISE = 0.0, 0.0891  # thresholds: the second one leaves .4 of the images above it


def write_planted(root: Path) -> Dataset:
    """Write the files and store the row."""
    labels, splits, environments = _rows()
    rng = np.random.default_rng(14)
    features = rng.standard_normal((len(labels), 8))
    features[:, 0] += 1.6 * labels - 0.9 * environments
    features[:, 1] += 3 * environments
    similarity = np.stack([environments - 0.5, rng.random(len(labels)) - 0.5], axis=1)
    digest = hashlib.sha256(b"planted").hexdigest()
    directory = root / "datasets" / "planted" / digest
    (directory / files.THUMBNAILS).mkdir(parents=True, exist_ok=True)
    np.save(directory / files.LABELS, labels)
    np.save(directory / files.SPLITS, splits)
    np.save(directory / files.ATTRIBUTES, environments)
    np.save(directory / files.IMAGE_KEYS, np.array([f"{i:024x}" for i in range(len(labels))], "S24"))
    (directory / files.FILENAMES).write_text("[]", "utf-8")
    manifest = Manifest(
        format=files.FORMAT,
        name="planted",
        digest=digest,
        source_format="planted",
        class_names=("common", "rare"),
        attribute_names=("first", "second"),
        n_rows=len(labels),
        arrays={
            "features": _saved(directory, "features", features / 10),
            "similarity": _saved(directory, "similarity", similarity),
        },
        encoders={"planted": {"spec": "planted", "weights_sha256": ""}},
        split_counts={split.word: int((splits == split).sum()) for split in Split},
        group_counts=counts_by_split(labels, splits, environments, 2, 2),
        report={},
        files={},
        thumbnails_sha256="",
    )
    (directory / files.MANIFEST).write_text(manifest.to_json(), "utf-8")
    return Dataset.objects.create(
        name="planted",
        version=1,
        digest=digest,
        directory=str(directory.relative_to(root)),
        class_names=list(manifest.class_names),
        attribute_names=list(manifest.attribute_names),
        similarity_encoder="planted",
        feature_encoder="planted",
        counts=dict(manifest.split_counts),
    )


def _rows() -> tuple[NDArray[np.int32], NDArray[np.int8], NDArray[np.int32]]:
    """Label, split and environment of each image, sorted by label, then split."""
    cells = [
        (label, split, environment, COUNTS[split][label][environment])
        for label in (0, 1)
        for split in Split
        for environment in (0, 1)
    ]
    numbers = [cell[-1] for cell in cells]
    labels, splits, environments = (np.repeat([cell[place] for cell in cells], numbers) for place in range(3))
    return labels.astype(np.int32), splits.astype(np.int8), environments.astype(np.int32)


def _saved(directory: Path, name: str, values: NDArray[np.float64]) -> ArrayEntry:
    """Write unit rows: the numbers, and a last one that gives each row its length."""
    rows = np.column_stack([values, np.ones(len(values))])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    file = f"{name}.npy"
    np.save(directory / file, rows.astype(np.float32))
    return ArrayEntry(file=file, dim=rows.shape[1], sha256="", encoder="planted", supplied=None)
