"""An import from end to end: listing, encoders, directory under DATA_ROOT, row in the database."""

import hmac
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from django.conf import settings

from annotations.models import Dataset
from annotations.services.datasets.dataset_registration import register_dataset
from annotations.services.datasets.imports import UPLOADS
from modeling.arrays.common.progress import Progress
from modeling.arrays.datasets.dataset_files import REPORT, Split
from modeling.arrays.datasets.groups import group_names
from modeling.arrays.datasets.importing.archives import unpack_shards
from modeling.arrays.datasets.importing.embedding_arrays import DescribedEncoder, Embeddings
from modeling.arrays.datasets.importing.features import FeatureTable, read_features
from modeling.arrays.datasets.importing.importer import import_images
from modeling.arrays.datasets.importing.sources import SHARDS, Source
from modeling.arrays.datasets.importing.storage import json_bytes, storing
from modeling.tensors.encoders import describe, load_encoder
from worker.datasets.image_batches import SteadyBatches


def import_source(
    source: Source,
    name: str,
    *,
    similarity_encoder: str,
    features: str | Path | None = None,
    progress: Progress,
) -> tuple[Dataset, bool]:
    """Embed a source's images, write the data set directory and register it.

    similarity_encoder: an encoder's spec; features: another's, or a file of them (docs/datasets.md); without, the
    similarity embeddings are the features. Returns the data set and whether it is new. Raises
    ImportRefused, EncoderUnavailable, BadEmbedding, BadDataset, ServiceError.
    """
    directory = import_images(
        source,
        settings.DATA_ROOT,
        name,
        embeddings=Embeddings(_described(similarity_encoder), _features(features) if features else None),
        key_secret=thumbnail_key_secret(),
        progress=progress,
    )
    return register_dataset(directory)


@contextmanager
def images_of(source_format: str, path: Path, progress: Progress) -> Iterator[Path]:
    """Give the folder to read a source from: of shards one where they are unpacked as long as they are imported.

    What a killed import has unpacked is used again, unless a shard has changed. Raises BadSource, OutsideRoot,
    StorageFailed.
    """
    shards = sorted([*path.glob("*.tar"), *path.glob("*/*.tar")]) if source_format == SHARDS else []
    if not shards:
        yield path
        return
    listed = [[str(each.resolve()), each.stat().st_size, each.stat().st_mtime_ns] for each in shards]
    folder = settings.DATA_ROOT / UPLOADS / f"shards-{sha256(json_bytes(listed)).hexdigest()[:16]}"
    try:
        for part in sorted({each.parent for each in shards}):
            to = folder / part.relative_to(path)
            with storing(to):
                to.mkdir(parents=True, exist_ok=True)
            unpack_shards(part, to, progress)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def thumbnail_key_secret() -> bytes:
    """Return the secret that makes thumbnails' names opaque: derived from SECRET_KEY, and for this use alone."""
    return hmac.digest(settings.SECRET_KEY.encode(), b"clarify: names of thumbnails", "sha256")


def import_report(dataset: Dataset, created: bool) -> Iterator[str]:
    """The lines that say what an import did: images by split and group, images left out and why, and where it lies."""
    files = dataset.files
    manifest = files.manifest
    yield f"{'Imported' if created else 'Nothing to do: already imported as'} {dataset}"
    yield f"Images: {manifest.report['kept']} of {manifest.report['listed']} listed"
    names = group_names(files.class_names, files.attribute_names)
    for split in Split:
        groups = ", ".join(
            f"{name} {count}" for name, count in zip(names, manifest.group_counts[split.word], strict=True)
        )
        yield f"  {split.word}: {manifest.split_counts[split.word]} ({groups})"
    left_out = manifest.report["left_out"]
    if left_out:
        reasons = ", ".join(f"{count} {reason}" for reason, count in left_out.items())
        yield f"Left out: {reasons}. Each with its reason: {files.directory / REPORT}"
    yield f"Directory: {files.directory}"


def _features(given: str | Path) -> DescribedEncoder | FeatureTable:
    return read_features(given) if isinstance(given, Path) else _described(given)


def _described(spec: str) -> DescribedEncoder:
    encoder = load_encoder(spec)
    return DescribedEncoder(SteadyBatches(encoder), describe(encoder, spec))
