"""An import from end to end: listing, encoders, directory under DATA_ROOT, row in the database."""

import hmac
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings

from annotations.datasets.dataset_registration import register_dataset
from annotations.datasets.import_requests import UPLOADS
from annotations.models import Dataset
from clarify_errors.arrays.common.progress import Progress
from clarify_errors.arrays.datasets.dataset_files import REPORT, Split
from clarify_errors.arrays.datasets.importing.archives import unpack_shards
from clarify_errors.arrays.datasets.importing.embedding_arrays import array_encoders
from clarify_errors.arrays.datasets.importing.import_errors import ImportRefused
from clarify_errors.arrays.datasets.importing.importer import import_images
from clarify_errors.arrays.datasets.importing.shards import Embed
from clarify_errors.arrays.datasets.importing.sources import EMBEDDINGS, HUGGINGFACE, SHARDS, read_source
from clarify_errors.arrays.datasets.importing.storage import json_bytes, storing
from clarify_errors.tensors.encoders import load_encoder
from worker.datasets.embedding_imports import import_embeddings
from worker.datasets.huggingface_folders import COLUMNS, HUB, files_of, save_from_hub, unpack_tables
from worker.datasets.ray_engine import embed_on_ray
from worker.datasets.shared_imports import embed_shared


def import_folder(
    name: str,
    source_format: str,
    path: Path,
    *,
    similarity_encoder: str,
    feature_encoder: str | None = None,
    class_names: Sequence[str] = (),
    attribute_names: Sequence[str] = (),
    columns: Sequence[str] = (),
    engine: str | None = None,
    progress: Progress,
) -> tuple[Dataset, bool]:
    """Make the data set directory of a folder and register it.

    similarity_encoder: an encoder's spec; features: another's, or a file of them (docs/engineers/datasets.md); without,
    the similarity embeddings are the features. columns: of the format huggingface, those of images, classes and, if
    there are any, attributes. engine: as IMPORT_ENGINE, which is the default. Returns the data set and whether it is
    new. Raises ImportRefused, EncoderUnavailable, BadEmbedding, BadDataset, ServiceError.
    """
    names = class_names, attribute_names
    embed = embedding_by(settings.IMPORT_ENGINE if engine is None else engine)
    made: dict[str, Any] = {"key_secret": thumbnail_key_secret(), "progress": progress}
    similarity = load_encoder(similarity_encoder)
    features = load_encoder(feature_encoder) if feature_encoder else None
    if source_format == EMBEDDINGS:
        return register_dataset(import_embeddings(path, settings.DATA_ROOT, name, similarity, features, *names, **made))
    with images_of(source_format, path, columns or COLUMNS, progress) as folder:
        source = read_source("csv" if source_format == HUGGINGFACE else source_format, folder, *names)
        made |= {"encoders": array_encoders(similarity, features), "embed": embed}
        made["n_processes"] = settings.IMPORT_PROCESSES
        return register_dataset(import_images(source, settings.DATA_ROOT, name, **made))


def embedding_by(engine: str) -> Embed:
    """Return what embeds the images: the workers, or for `ray[:ADDRESS]` a Ray cluster. Raises ImportRefused."""
    kind, _, address = engine.partition(":")
    if kind not in ("", "ray"):
        raise ImportRefused(f"{engine!r} is no engine: use ray or ray:ADDRESS, or nothing for the workers")
    return partial(embed_on_ray, address) if kind else embed_shared


@contextmanager
def images_of(source_format: str, path: Path, columns: Sequence[str], progress: Progress) -> Iterator[Path]:
    """Give the folder to read a source from: of shards one where they are unpacked as long as they are imported.

    What a killed import has unpacked is used again, unless a shard has changed. Raises BadSource, OutsideRoot,
    StorageFailed.
    """
    uploads = settings.DATA_ROOT / UPLOADS
    with ExitStack() as in_the_end:
        if source_format == HUGGINGFACE and str(path).startswith(HUB):
            saved = uploads / f"hub-{sha256(str(path).encode()).hexdigest()[:16]}"
            in_the_end.callback(shutil.rmtree, saved, ignore_errors=True)
            save_from_hub(str(path), saved)
            path = saved
        shards = sorted([*path.glob("*.tar"), *path.glob("*/*.tar")]) if source_format == SHARDS else []
        shards = files_of(path) if source_format == HUGGINGFACE else shards
        if not shards:
            yield path
            return
        listed = [[str(each.resolve()), each.stat().st_size, each.stat().st_mtime_ns] for each in shards]
        folder = uploads / f"shards-{sha256(json_bytes([listed, *columns])).hexdigest()[:16]}"
        in_the_end.callback(shutil.rmtree, folder, ignore_errors=True)
        if source_format == HUGGINGFACE:
            unpack_tables(path, folder, columns, progress)
        else:
            for part in sorted({each.parent for each in shards}):
                to = folder / part.relative_to(path)
                with storing(to):
                    to.mkdir(parents=True, exist_ok=True)
                unpack_shards(part, to, progress)
        yield folder


def thumbnail_key_secret() -> bytes:
    """Return the secret that makes thumbnails' names opaque: derived from SECRET_KEY, and for this use alone."""
    return hmac.digest(settings.SECRET_KEY.encode(), b"clarify: names of thumbnails", "sha256")


def import_report(dataset: Dataset, created: bool) -> Iterator[str]:
    """The lines that say what an import did: images by split and group, images left out and why, and where it lies."""
    files = dataset.files
    manifest = files.manifest
    yield f"{'Imported' if created else 'Nothing to do: already imported as'} {dataset}"
    yield f"Images: {manifest.report['kept']} of {manifest.report['listed']} listed"
    for split in Split:
        counts = zip(dataset.group_names, manifest.group_counts[split.word], strict=True)
        groups = ", ".join(f"{name} {count}" for name, count in counts)
        yield f"  {split.word}: {manifest.split_counts[split.word]} ({groups})"
    left_out = manifest.report["left_out"]
    if left_out:
        reasons = ", ".join(f"{count} {reason}" for reason, count in left_out.items())
        yield f"Left out: {reasons}. Each with its reason: {files.directory / REPORT}"
    yield f"Directory: {files.directory}"
