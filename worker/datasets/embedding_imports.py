"""Data sets of embeddings that others computed: each image has a class and a split, and a picture if its file is there.

Only names and labels of all images are in memory; their rows are read and written block by block.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from modeling.arrays.common.progress import Progress
from modeling.arrays.datasets.dataset_files import SPLIT_WORDS, THUMBNAILS, Split, dataset_directory, thumbnail_name
from modeling.arrays.datasets.importing.embedding_arrays import DescribedEncoder
from modeling.arrays.datasets.importing.imagenet_folders import read_class_words, short_names
from modeling.arrays.datasets.importing.import_errors import BadSource
from modeling.arrays.datasets.importing.listing_checks import HashedImage, LeftOut, hash_images, without_duplicates
from modeling.arrays.datasets.importing.listings import Source, SourceImage, classes_said, numbered
from modeling.arrays.datasets.importing.row_files import Described, Rows, assemble, image_key, in_blocks
from modeling.arrays.datasets.importing.sources import EMBEDDINGS, SHARD_LABELS
from modeling.arrays.datasets.importing.storage import json_bytes, storing, write_file
from modeling.arrays.images.image_decoding import read_image
from modeling.arrays.images.image_files import ImageRejected, is_whole_thumbnail, thumbnail
from worker.datasets.embedding_folders import FEATURES, IMG_EMB, METADATA, EmbeddingFolder, open_embeddings

ATTRIBUTES = ("attribute", "group")  # columns


@dataclass(frozen=True, eq=False)
class _Labelled:
    """What the tables say of n images in the folder's order: labels, splits, attributes int[n]."""

    root: Path
    names: Sequence[str]
    class_names: tuple[str, ...]
    attribute_names: tuple[str, ...]
    labels: NDArray[np.int32]
    splits: NDArray[np.int8]
    attributes: NDArray[np.int32] | None

    @classmethod
    def of(cls, found: EmbeddingFolder, class_names: Sequence[str], attribute_names: Sequence[str]) -> "_Labelled":
        """Read a folder's tables. Raises BadSource."""
        root, lines = found.root, found.table((*SHARD_LABELS, *ATTRIBUTES, "split"))
        splits, words = _numbers(lines, ("split",), SPLIT_WORDS, root), read_class_words(root)
        classes, label_of = classes_said(root, _said(lines, SHARD_LABELS, root), class_names or short_names(words))
        labels = _numbers(lines, SHARD_LABELS, {**label_of, **numbered(words)}, root)
        groups: tuple[str, ...] = ()
        attributes = None
        if attribute_names or {*ATTRIBUTES} & {*lines.column_names}:
            groups, attribute_of = classes_said(root, _said(lines, ATTRIBUTES, root), attribute_names)
            attributes = _numbers(lines, ATTRIBUTES, attribute_of, root)
        return cls(root, found.names(), classes, groups, labels, splits.astype(np.int8), attributes)

    def order(self) -> NDArray[np.int64]:
        """The places of the images in the order of a data set. Raises BadSource where one is listed twice."""
        by_name = np.array(sorted(range(len(self.names)), key=self.names.__getitem__), np.int64)
        for one, other in pairwise(by_name.tolist()):
            if self.names[one] == self.names[other]:
                raise BadSource(self.root / METADATA, f"{self.names[one]} is listed twice")
        return by_name[np.lexsort((self.splits[by_name], self.labels[by_name]))]

    def at_hand(self, order: NDArray[np.int64]) -> dict[int, SourceImage]:
        """The images that a page can show, if the file of any is in the folder, by place; those of train are none."""
        images, inside = {}, self.root.resolve()
        for i in order[self.splits[order] != Split.TRAIN].tolist():
            path = self.root / self.names[i]
            if path.resolve().is_relative_to(inside):
                attribute = None if self.attributes is None else int(self.attributes[i])
                images[i] = SourceImage(path, self.names[i], Split(self.splits[i]), int(self.labels[i]), attribute)
        return images if any(image.path.is_file() for image in images.values()) else {}

    def rows(self, order: NDArray[np.int64], pictured: Mapping[str, str], digest: str, key_secret: bytes) -> Rows:
        """The rows of some places. pictured: keys of thumbnails by name."""
        names, attributes = [self.names[i] for i in order.tolist()], self.attributes
        return Rows(
            filenames=names,
            labels=self.labels[order],
            splits=self.splits[order],
            attributes=None if attributes is None else attributes[order],
            keys=[image_key(key_secret, digest, name) for name in names],
            pictured=np.array([name in pictured for name in names], np.bool_),
        )


def import_embeddings(
    root: Path,
    data_root: Path,
    name: str,
    similarity: DescribedEncoder,
    features: DescribedEncoder | None,
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
    labelled = _Labelled.of(found, class_names, attribute_names)
    order = labelled.order()
    images = labelled.at_hand(order)
    some = np.random.default_rng(0).permutation(list(images)).tolist()
    found.require_encoder(similarity, some=((i, images[i].path) for i in some))
    names = labelled.class_names, labelled.attribute_names
    hashed, left_out = without_duplicates(hash_images(Source(EMBEDDINGS, root, [*images.values()], *names), progress))

    encoders = {array: dict(encoder.description) if encoder else None for array, (_, encoder) in used.items()}
    pictures = [[entry.image.filename, entry.sha256] for entry in hashed]
    head = {"format": EMBEDDINGS, "names": names, "encoders": encoders, "embeddings": found.sha256}
    digest = sha256(json_bytes({**head, "pictures": pictures})).hexdigest()
    directory = dataset_directory(data_root, name, digest)
    if directory.exists():
        return directory
    drawn = directory.with_name(f".pictures-{digest}")
    keys = {entry.image.filename: image_key(key_secret, digest, entry.image.filename) for entry in hashed}
    left_out += _draw(drawn, hashed, keys, progress)
    lost = {line.filename for line in left_out}
    order = order[[labelled.names[i] not in lost for i in order.tolist()]]

    def array(folder: str) -> Iterator[NDArray[np.float32]]:
        return (found.rows(order[some], folder) for some in in_blocks(len(order), found.dim(folder)))

    def place(staging: Path) -> None:
        (drawn / THUMBNAILS).rename(staging / THUMBNAILS)

    directory = assemble(
        directory,
        Described(name, digest, EMBEDDINGS, *names),
        labelled.rows(order, keys, digest, key_secret),
        {of: (array(folder), found.dim(folder), encoders[of]) for of, (folder, _) in used.items()},
        place,
        sorted(left_out),
    )
    shutil.rmtree(drawn, ignore_errors=True)
    return directory


def _said(lines: pa.Table, columns: Sequence[str], root: Path) -> list[str]:
    return [str(word) for word in _coded(lines, columns, root).dictionary.to_pylist()]


def _numbers(lines: pa.Table, columns: Sequence[str], known: Mapping[str, int], root: Path) -> NDArray[np.int32]:
    """The number of what a column says of each image. Raises BadSource where that is not known."""
    said = _said(lines, columns, root)
    if unknown := [word for word in said if word not in known]:
        few = ", ".join(list(known)[:10])
        raise BadSource(root / METADATA, f"{unknown[0]!r} in {' or '.join(columns)} is not one of {few}")
    indices: NDArray[np.int32] = _coded(lines, columns, root).indices.to_numpy()
    return np.array([known[word] for word in said], np.int32)[indices]


def _coded(lines: pa.Table, columns: Sequence[str], root: Path) -> Any:
    """A column's words and, by image, which. Raises BadSource where an image has none."""
    column = next((each for each in columns if each in lines.column_names), "")
    if not column or lines[column].null_count:
        raise BadSource(root / METADATA, f"not every image has one of the columns {', '.join(columns)}")
    return lines[column].combine_chunks().dictionary_encode()


def _draw(
    folder: Path, hashed: Sequence[HashedImage], keys: Mapping[str, str], progress: Progress
) -> Iterator[LeftOut]:
    """Make the thumbnails that a killed import has not made, and yield the images of which there can be none."""
    with storing(folder):
        (folder / THUMBNAILS).mkdir(parents=True, exist_ok=True)
    for done, entry in enumerate(hashed, 1):
        path = folder / thumbnail_name(keys[entry.image.filename])
        try:
            if not is_whole_thumbnail(path):
                small = thumbnail(read_image(entry.image.path))
                with storing(path):
                    path.parent.mkdir(exist_ok=True)
                write_file(path, small)
        except ImageRejected as rejection:
            yield entry.left_out(rejection.reason, rejection.detail)
        progress("thumbnails", done, len(hashed))
