"""Data sets of embeddings that others computed: each image has a class and a split, and a picture if its file is there.

Only names and labels of all images are in memory; their rows are read and written block by block.
"""

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from clarify_errors.arrays.common.progress import Progress
from clarify_errors.arrays.datasets.dataset_files import (
    SPLIT_WORDS,
    THUMBNAILS,
    Split,
    dataset_directory,
    thumbnail_name,
)
from clarify_errors.arrays.datasets.importing.embedding_arrays import ImageEncoder
from clarify_errors.arrays.datasets.importing.imagenet_folders import read_class_words, short_names
from clarify_errors.arrays.datasets.importing.import_errors import BadSource
from clarify_errors.arrays.datasets.importing.listed_images import PICTURED, SCATTERED, SHOWN, ListedImage, ListedImages
from clarify_errors.arrays.datasets.importing.listing_checks import hash_images, leave_out_duplicates
from clarify_errors.arrays.datasets.importing.listings import Source, classes_said, numbered
from clarify_errors.arrays.datasets.importing.row_files import Described, assemble, image_key, rows_of
from clarify_errors.arrays.datasets.importing.sources import EMBEDDINGS, SHARD_LABELS
from clarify_errors.arrays.datasets.importing.storage import json_bytes, json_list, put_file, storing
from clarify_errors.arrays.images.image_decoding import read_image
from clarify_errors.arrays.images.image_files import ImageRejected, is_whole_thumbnail, thumbnail
from worker.datasets.embedding_folders import FEATURES, IMG_EMB, METADATA, EmbeddingFolder, lacking, open_embeddings

ATTRIBUTES = ("attribute", "group")  # columns


def _source(found: EmbeddingFolder, class_names: Sequence[str], attribute_names: Sequence[str]) -> Source:
    """Read a folder's tables. Images of validation and test are read themselves if the file of any is there."""
    root, inside, words = found.root, found.root.resolve(), read_class_words(found.root)
    classes, label_of = classes_said(root, _words(found, SHARD_LABELS), class_names or short_names(words))
    label_of |= numbered(words)
    groups: tuple[str, ...] = ()
    group_of: dict[str, int] = {}
    if has_groups := bool(attribute_names or {*ATTRIBUTES} & found.columns()):
        groups, group_of = classes_said(root, _words(found, ATTRIBUTES), attribute_names)
    images = ListedImages()
    for place, (name, line) in enumerate(found.lines((*SHARD_LABELS, *ATTRIBUTES, "split"))):
        split = Split(_number(root, line, ("split",), SPLIT_WORDS))
        label = _number(root, line, SHARD_LABELS, label_of)
        group = _number(root, line, ATTRIBUTES, group_of) if has_groups else None
        pictured = split != Split.TRAIN and (root / name).resolve().is_relative_to(inside)
        if images.add(ListedImage(name, split, label, group, place, pictured=pictured)):
            raise BadSource(root / METADATA, f"{name} is listed twice")
    if not any((root / image.filename).is_file() for image in images.select(PICTURED)):
        images.read_none()
    return Source(EMBEDDINGS, root, images, classes, groups)


def import_embeddings(
    root: Path,
    data_root: Path,
    name: str,
    similarity: ImageEncoder,
    features: ImageEncoder | None,
    class_names: Sequence[str] = (),
    attribute_names: Sequence[str] = (),
    *,
    key_secret: bytes,
    progress: Progress,
) -> Path:
    """Make the directory of a data set, whole or not at all. features: the encoder of those in the folder, if known.

    Raises ImportRefused, BadDataset, BadEmbedding.
    """
    dataset_directory(data_root, name, "")  # rejects an invalid name before reading
    found = open_embeddings(root)
    used = {"similarity": (IMG_EMB, similarity), **({"features": (FEATURES, features)} if found.has_features else {})}
    for folder, encoder in used.values():
        if encoder is not None:
            found.require_encoder(encoder, folder)
    source = _source(found, class_names, attribute_names)
    images, names = source.images, (source.class_names, source.attribute_names)
    some = ((image.place, root / image.filename) for image in images.select(PICTURED, SCATTERED))
    found.require_encoder(similarity, some=some)
    hash_images(source, progress)
    leave_out_duplicates(source)
    encoders = {array: dict(encoder.description) if encoder else None for array, (_, encoder) in used.items()}
    head = {"format": EMBEDDINGS, "names": names, "encoders": encoders, "embeddings": found.sha256}
    digest = _digest(head, ([image.filename, image.sha256] for image in images.select(SHOWN)))
    directory = dataset_directory(data_root, name, digest)
    if directory.exists():
        return directory
    drawn = directory.with_name(f".pictures-{digest}")
    _draw(drawn, source, partial(image_key, key_secret, digest), progress)
    order = images.column("place", np.int64)

    def place(staging: Path) -> None:
        (drawn / THUMBNAILS).rename(staging / THUMBNAILS)

    directory = assemble(
        directory,
        Described(name, digest, EMBEDDINGS, *names),
        replace(rows_of(source, key_secret, digest), pictured=images.column("pictured", np.bool_)),
        {of: (found.in_order(order, folder), found.dim(folder), encoders[of]) for of, (folder, _) in used.items()},
        place,
        images.left_out(),
    )
    shutil.rmtree(drawn, ignore_errors=True)
    return directory


def _digest(head: Mapping[str, Any], pictures: Iterable[list[str | None]]) -> str:
    """The digest of JSON whose last part are the pictures' names and digests."""
    digest = sha256(json_bytes({**head, "pictures": []}).removesuffix(b"[]}\n"))
    for part in json_list(pictures):
        digest.update(part.rstrip(b"\n"))
    digest.update(b"}\n")
    return digest.hexdigest()


def _words(found: EmbeddingFolder, columns: Sequence[str]) -> set[str]:
    lines = (line for batch in found.batches(columns) for line in batch.to_pylist())
    return {_said(found.root, line, columns) for line in lines}


def _number(root: Path, line: Mapping[str, Any], columns: Sequence[str], known: Mapping[str, int]) -> int:
    """The number of what a line says in one of some columns. Raises BadSource where that is not known."""
    said = _said(root, line, columns)
    if said not in known:
        few = ", ".join(list(known)[:10])
        raise BadSource(root / METADATA, f"{said!r} in {' or '.join(columns)} is not one of {few}")
    return known[said]


def _said(root: Path, line: Mapping[str, Any], columns: Sequence[str]) -> str:
    said = next((line[column] for column in columns if column in line), None)
    if said is None:
        raise lacking(root, columns)
    return str(said)


def _draw(folder: Path, source: Source, key_of: Callable[[str], str], progress: Progress) -> None:
    """Make the thumbnails that a killed import has not made; leave out the images of which there can be none."""
    total = source.images.count(SHOWN)
    with storing(folder):
        (folder / THUMBNAILS).mkdir(parents=True, exist_ok=True)
    for done, image in enumerate(source.images.select(SHOWN), 1):
        path = folder / thumbnail_name(key_of(image.filename))
        try:
            if not is_whole_thumbnail(path):
                put_file(path, thumbnail(read_image(source.root / image.filename)))
        except ImageRejected as rejection:
            source.images.leave_out([image.left_out(rejection.reason, rejection.detail)])
        progress("thumbnails", done, total)
