"""An import from end to end: listing, encoders, directory under DATA_ROOT, row in the database.

Data sets of Hugging Face, Parquet files or a folder of `save_to_disk`, become images as files and a table of them. The
library `datasets` is needed for names on the hub alone.
"""

import csv
import hmac
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings

from annotations.datasets.dataset_registration import register_dataset
from annotations.datasets.import_requests import UPLOADS
from annotations.models import Dataset
from clarify_errors.arrays.common.progress import Progress
from clarify_errors.arrays.common.steps import step_done
from clarify_errors.arrays.datasets.dataset_files import REPORT, Split
from clarify_errors.arrays.datasets.importing.archives import unpack_shards
from clarify_errors.arrays.datasets.importing.embedding_arrays import array_encoders
from clarify_errors.arrays.datasets.importing.import_errors import BadSource, ImportRefused, reading
from clarify_errors.arrays.datasets.importing.importer import import_images
from clarify_errors.arrays.datasets.importing.listings import split_said, within
from clarify_errors.arrays.datasets.importing.shards import Embed
from clarify_errors.arrays.datasets.importing.sources import EMBEDDINGS, HUGGINGFACE, SHARD_IMAGES, SHARDS, read_source
from clarify_errors.arrays.datasets.importing.storage import json_bytes, storing, write_file
from clarify_errors.tensors.encoders import load_encoder
from worker.datasets.embedding_imports import import_embeddings
from worker.datasets.ray_engine import embed_on_ray
from worker.datasets.shared_imports import embed_shared

HUB = "hf:"
COLUMNS = ("image", "label")  # and, if given, that of an attribute
_SAVE = "import sys, datasets; datasets.load_dataset(sys.argv[1]).save_to_disk(sys.argv[2])"
_AT_ONCE = 64


def files_of(root: Path) -> list[Path]:
    """The files that hold the images. Raises BadSource where there is none."""
    files = [file for ending in ("parquet", "arrow") for file in sorted(root.rglob(f"[!.]*.{ending}"))]
    if files := [file for file in files if not file.name.startswith("cache-")]:
        return files
    raise BadSource(root, "there is no Parquet file, and no Arrow file of `save_to_disk`")


def save_from_hub(name: str, folder: Path) -> None:
    """Save what hf:OWNER/NAME stands for, by the library `datasets` in a process of its own. Raises BadSource."""
    command = [sys.executable, "-c", _SAVE, name.removeprefix(HUB), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603 - no shell
    if done.returncode:
        why = done.stderr.strip().rpartition("\n")[2]
        advice = "Install `datasets`, or" if "No module named 'datasets'" in why else "Where no hub can be reached,"
        raise BadSource(Path(name), f"it cannot be loaded: {why}. {advice} bring a folder of `save_to_disk`")


def unpack_tables(root: Path, folder: Path, columns: Sequence[str], progress: Progress) -> None:
    """Write the images as they are, and a `metadata.csv`; a file that a killed import has unpacked is left as it is.

    A file's split is a word of its path, such as `train/0000.parquet`. Raises BadSource, OutsideRoot, StorageFailed.
    """
    tables, sizes = [], {file: file.stat().st_size for file in files_of(root)}
    for number, file in enumerate(sizes, 1):
        split = split_said(file, re.split(r"[-_./]", file.relative_to(root).as_posix()), "its path")
        whole = folder / split.word / f"{number:05}"
        if not whole.exists():
            part = whole.with_name(f".partial-{number}")
            with storing(part):
                part.mkdir(parents=True, exist_ok=True)
            _unpack(root, file, part, whole.relative_to(folder), columns)
            part.rename(whole)
        tables.append((whole / "rows.csv").read_bytes())
        progress("unpacking", sum([*sizes.values()][:number]), sum(sizes.values()))
    header = ",".join(["filename", "split", "class", "attribute"][: len(columns) + 1])
    write_file(folder / "metadata.csv", b"".join([f"{header}\r\n".encode(), *tables]))


def _unpack(root: Path, file: Path, part: Path, name: Path, columns: Sequence[str]) -> None:
    with storing(part), (part / "rows.csv").open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        for number, (picture, *words) in enumerate(_rows(file, columns)):
            given = picture if isinstance(picture, dict) else {"bytes": picture}
            path = Path(given.get("path") or "")
            data = given.get("bytes")
            if data is None and path.name:
                with reading(file):
                    data = within(root, file.parent / path).read_bytes()
            if not data:
                raise BadSource(file, f"its image {number} has no bytes")
            ending = path.suffix if path.suffix.lower().removeprefix(".") in SHARD_IMAGES else ""
            write_file(part / f"{number:07}{ending}", data)
            rows.writerow([name / f"{number:07}{ending}", name.parts[0], *words])


def _rows(file: Path, columns: Sequence[str]) -> Iterator[list[Any]]:
    """Yield the image of each row, and the words for its class and its attribute."""
    with reading(file):
        if file.suffix == ".parquet":
            table = pq.ParquetFile(file)
            schema, batches = table.schema_arrow, table.iter_batches(_AT_ONCE)
        else:
            batches = pa.ipc.open_stream(pa.memory_map(str(file)))
            schema = batches.schema
        if missing := [column for column in columns if column not in schema.names]:
            raise BadSource(file, f"it has no column {missing[0]}. Name some of {', '.join(schema.names)} by --columns")
        told = json.loads((schema.metadata or {}).get(b"huggingface", b"{}")).get("info", {}).get("features", {})
        names = [told.get(column, {}).get("names") for column in columns[1:]]
        for batch in batches:
            batch.validate(full=True)
            for start in range(0, batch.num_rows, _AT_ONCE):
                step_done()
                some = batch.slice(start, _AT_ONCE)
                for picture, *said in zip(*(some.column(each).to_pylist() for each in columns), strict=True):
                    yield [picture, *(_word(file, *each) for each in zip(said, names, strict=True))]


def _word(file: Path, value: Any, names: Sequence[str] | None) -> str:
    if value is None or (names and not 0 <= value < len(names)):  # data sets give images without a class the number -1
        raise BadSource(file, f"the class or attribute of an image is {value}, which has no name. Take the file away")
    return names[value] if names else str(value)


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
