"""Shards: consecutive images of an import, embedded together by whichever process takes them.

Beside the final directory of an import lies a folder with its plan, a list of each shard's images and, under a name of
that list's digest, what was made of them. A result is renamed when it is whole, so whoever takes a shard up again, or
takes it a second time, does no harm; and a list that changed has no result.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from clarify_errors.arrays.common.batches import batched
from clarify_errors.arrays.common.progress import Progress
from clarify_errors.arrays.datasets.dataset_files import POOL, THUMBNAILS, thumbnail_name
from clarify_errors.arrays.datasets.importing.embedding_arrays import Encoders
from clarify_errors.arrays.datasets.importing.import_errors import ImportRefused
from clarify_errors.arrays.datasets.importing.listings import Source
from clarify_errors.arrays.datasets.importing.storage import (
    json_bytes,
    put_file,
    replace_durably,
    staging_folder,
    storing,
    sync_folder,
    write_file,
    write_matrix,
)
from clarify_errors.arrays.images.decoding_ahead import worked_ahead
from clarify_errors.arrays.images.image_decoding import decode_apart, end_processes
from clarify_errors.arrays.images.image_files import ImageRejected, is_whole_thumbnail, read_bytes, thumbnail

SHARD_IMAGES = 512  # what a worker that is killed has to do again, at the most
# A batch ends at whichever limit comes first, and with its shard. With 4 bytes per pixel it holds at most 256 MB plus
# one image; two are in memory, since the next one is decoded while one is embedded, and an image for each process
# beside them. Of an encoder with `prepare`, the pixels are those that it leaves.
BATCH_IMAGES = 64
BATCH_PIXELS = 64_000_000
PLAN, REJECTED, DEVICES = "plan.json", "rejected.json", "devices.json"

_Outcome = tuple[Image.Image, ...] | ImageRejected  # for each encoder its image
Told = Callable[["Shard", int], None]


class ShardImage(NamedTuple):
    """An image of a shard.

    Attributes
    ----------
    path : str
    sha256 : str or None
    key : str
        Names its thumbnail.
    """

    path: str
    sha256: str | None
    key: str


@dataclass(frozen=True)
class Shard:
    """Some images of an import.

    Attributes
    ----------
    folder : pathlib.Path
        Of the import's shards.
    number : int
    digest : str
        SHA-256 of the list of its images.
    count : int
    """

    folder: Path
    number: int
    digest: str
    count: int

    @property
    def listing(self) -> Path:
        """Return the file that lists its images."""
        return self.folder / f"{self.number:06}.json"

    @property
    def result(self) -> Path:
        """Return the folder of what was made of it, which is there once all of it is."""
        return self.folder / f"{self.number:06}-{self.digest[:16]}"

    @property
    def is_done(self) -> bool:
        """Say whether all of it is made."""
        return self.result.is_dir()

    def images(self) -> list[ShardImage]:
        """Read the list of its images."""
        return [ShardImage(*each) for each in json.loads(self.listing.read_bytes())]

    def rejected(self) -> dict[int, tuple[str, str]]:
        """Read reason and detail of the images that became no rows, by their place."""
        rejected = json.loads((self.result / REJECTED).read_bytes())
        return {int(place): (reason, detail) for place, (reason, detail) in rejected.items()}

    def devices(self) -> list[str]:
        """Read what it was embedded on, as far as its encoders told it."""
        file = self.result / DEVICES  # earlier releases wrote none
        return list(json.loads(file.read_bytes())) if file.exists() else []

    def rows(self, array: str) -> NDArray[np.float32]:
        """Read the rows of the others.

        Parameters
        ----------
        array : str
            Its name.

        Returns
        -------
        float32 ndarray of shape (m, dim)
        """
        rows: NDArray[np.float32] = np.load(self.result / f"{array}.npy", allow_pickle=False)
        return rows


@dataclass(frozen=True)
class Plan:
    """What an import embeds, as any worker can read it.

    Attributes
    ----------
    directory : pathlib.Path
        Where the data set will lie.
    root : str
        Folder of the images.
    arrays : mapping of str to mapping
        By name what describes the encoder of an array.
    has_thumbnails : bool
        False for a pool.
    batch_images : int
        How many images an encoder gets at once, at the most.
    shards : tuple of Shard
        In the order of the rows.
    """

    directory: Path
    root: str
    arrays: Mapping[str, Mapping[str, Any]]
    has_thumbnails: bool
    batch_images: int
    shards: tuple[Shard, ...]

    @property
    def count(self) -> int:
        """Return the number of images."""
        return sum(shard.count for shard in self.shards)

    @property
    def waiting(self) -> list[Shard]:
        """Return the shards that are not done."""
        return [shard for shard in self.shards if not shard.is_done]

    @property
    def touched_at(self) -> float:
        """Return when the shards were last said to be wanted, in seconds since 1970."""
        return (shards_folder(self.directory) / PLAN).stat().st_mtime

    def touch(self) -> None:
        """Say that the shards are still wanted."""
        (shards_folder(self.directory) / PLAN).touch()


Embed = Callable[[Plan, Encoders, int, Progress], None]


def shards_folder(directory: Path) -> Path:
    """Return where the shards of an import lie: a hidden folder beside its directory.

    Parameters
    ----------
    directory : pathlib.Path

    Returns
    -------
    pathlib.Path
    """
    return directory.with_name(f"{staging_folder(directory).name}.shards")


def make_plan(directory: Path, source: Source, key_of: Callable[[str], str], encoders: Encoders) -> Plan:
    """Write the plan of an import and the lists of its shards.

    Where the same ones are there, what is done stays done.

    Parameters
    ----------
    directory : pathlib.Path
        Of the data set.
    source : Source
        Those of its images that are not left out are embedded, in row order.
    key_of : callable
        Names the thumbnail of a file: with another secret, an import starts again.
    encoders : mapping of str to ImageEncoder

    Returns
    -------
    Plan

    Raises
    ------
    StorageFailed
        If something cannot be written.
    """
    folder, staging = shards_folder(directory), staging_folder(directory)
    content = json_bytes(
        {
            "root": str(source.root),
            "arrays": {name: dict(each.description) for name, each in encoders.items()},
            "has_thumbnails": source.format != POOL,
            "batch_images": BATCH_IMAGES,
            "shards": [[hashlib.sha256(data).hexdigest(), n] for data, n in _lists(source, key_of)],
        }
    )
    with storing(folder):
        is_new = not (folder / PLAN).is_file() or (folder / PLAN).read_bytes() != content
        for old in (folder, staging) if is_new else ():
            shutil.rmtree(old, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        (staging / THUMBNAILS).mkdir(parents=True, exist_ok=True)
    if is_new:
        for number, (data, _) in enumerate(_lists(source, key_of)):
            write_file(folder / f"{number:06}.json", data)
        replace_durably(folder / PLAN, content)
    plan = read_plan(directory)
    if not is_new and plan.has_thumbnails:
        _forget_damaged(plan)
    return plan


def read_plan(directory: Path) -> Plan:
    """Read the plan of an import that is under way.

    Parameters
    ----------
    directory : pathlib.Path
        Of the data set.

    Returns
    -------
    Plan

    Raises
    ------
    OSError
        If there is none.
    """
    folder = shards_folder(directory)
    content = json.loads((folder / PLAN).read_bytes())
    shards = tuple(Shard(folder, number, *each) for number, each in enumerate(content.pop("shards")))
    return Plan(directory, shards=shards, **content)


def embed_alone(plan: Plan, encoders: Encoders, n_processes: int, progress: Progress) -> None:
    """Embed all shards that are not done, one after the other.

    Parameters
    ----------
    plan : Plan
    encoders : mapping of str to ImageEncoder
    n_processes : int
        How many processes decode at the same time.
    progress : Progress
        Counts images in the stage `embedding`.

    Raises
    ------
    ImportRefused
        If a file changes during the import, or something cannot be written.
    BadEmbedding
        If an encoder does not return finite unit rows.
    """
    waiting = plan.waiting
    done = plan.count - sum(shard.count for shard in waiting)

    def told(shard: Shard, n: int) -> None:
        nonlocal done
        done += n
        progress("embedding", done, plan.count)

    progress("embedding", done, plan.count)
    embed_shards(plan, waiting, encoders, n_processes, told)


def embed_shards(plan: Plan, shards: Iterable[Shard], encoders: Encoders, n_processes: int, told: Told) -> None:
    """Embed some shards of an import, and decode ahead across their ends.

    Parameters
    ----------
    plan : Plan
    shards : iterable of Shard
        The next one is asked for when the last images of one before are begun.
    encoders : mapping of str to ImageEncoder
    n_processes : int
        How many processes decode at the same time.
    told : callable
        Gets a shard and how many images of it were done since; the last ones once its result is whole.

    Raises
    ------
    ImportRefused
        If a file changes during the import, or something cannot be written.
    BadEmbedding
        If an encoder does not return finite unit rows.
    """
    staging = staging_folder(plan.directory)
    begun: set[_Unfinished] = set()

    def images() -> Iterator[tuple[_Unfinished, ShardImage]]:
        for shard in shards:
            unfinished = _Unfinished(shard, encoders, plan.batch_images)
            begun.add(unfinished)
            for image in shard.images():
                yield unfinished, image

    def made(item: tuple[_Unfinished, ShardImage]) -> tuple[_Unfinished, _Outcome]:
        """Decode an image, write its thumbnail, and make the image that each encoder takes. Threads call this."""
        unfinished, (path, sha256, key) = item
        image = _decoded(Path(path), sha256)
        if isinstance(image, ImageRejected):
            return unfinished, image
        if plan.has_thumbnails:
            put_file(staging / thumbnail_name(key), thumbnail(image), unfinished.folder / f"{key}.webp")
        return unfinished, tuple(each.prepare(image) for each in encoders.values())

    outcomes = worked_ahead(made, images(), lambda done: _pixels(done[1]), n_processes, plan.batch_images, BATCH_PIXELS)
    try:
        with closing(outcomes):
            for unfinished, outcome in outcomes:
                if n := unfinished.add(outcome):
                    if unfinished.shard.is_done:
                        begun.remove(unfinished)
                    told(unfinished.shard, n)
    finally:
        for each in begun:
            shutil.rmtree(each.folder, ignore_errors=True)
        end_processes()


class _Unfinished:
    """What was made of a shard so far, in a folder that becomes its result."""

    def __init__(self, shard: Shard, encoders: Encoders, batch_images: int) -> None:
        self.shard = shard
        self.folder = shard.folder / f".{shard.result.name}-{uuid4().hex}"
        with storing(self.folder):
            self.folder.mkdir()
        self._encoders = encoders
        self._batch_images = batch_images
        self._rows: list[list[NDArray[np.float32]]] = [[] for _ in encoders]
        self._rejected: dict[str, tuple[str, str]] = {}
        self._batch: list[tuple[Image.Image, ...]] = []
        self._n = self._told = 0

    def add(self, outcome: _Outcome) -> int:
        """Take the next image; return how many are done with it: none until a batch is full."""
        if isinstance(outcome, ImageRejected):
            self._rejected[str(self._n)] = (outcome.reason, outcome.detail)
        else:
            self._batch.append(outcome)
        self._n += 1
        is_whole = self._n == self.shard.count
        if not (is_whole or len(self._batch) == self._batch_images or sum(map(_pixels, self._batch)) >= BATCH_PIXELS):
            return 0
        if self._batch:
            made = zip(self._encoders.values(), zip(*self._batch, strict=True), self._rows, strict=True)
            for encoder, images, rows in made:
                rows.append(encoder.encode_images(images))
            self._batch.clear()
        if is_whole:
            self._publish()
        n, self._told = self._n - self._told, self._n
        return n

    def _publish(self) -> None:
        for (name, encoder), blocks in zip(self._encoders.items(), self._rows, strict=True):
            write_matrix(self.folder / f"{name}.npy", encoder.dim, blocks)
        devices = {each.device for each in self._encoders.values() if each.device}
        replace_durably(self.folder / DEVICES, json_bytes(sorted(devices)))
        replace_durably(self.folder / REJECTED, json_bytes(self._rejected))
        with storing(self.shard.result):
            try:
                self.folder.rename(self.shard.result)
            except OSError:
                if not self.shard.is_done:  # else another worker made the same of it
                    raise
        sync_folder(self.shard.folder)


def _lists(source: Source, key_of: Callable[[str], str]) -> Iterator[tuple[bytes, int]]:
    """Yield the list of each shard, and how many images are on it."""
    for some in batched(source.images.select(), SHARD_IMAGES):
        listed = [[str(source.root / each.filename), each.sha256, key_of(each.filename)] for each in some]
        yield json_bytes(listed), len(listed)


def _forget_damaged(plan: Plan) -> None:
    """Have the shards done again whose thumbnails a power failure took: they are not synced one by one."""
    staging = staging_folder(plan.directory)
    for shard in plan.shards:
        if shard.is_done:
            rejected = shard.rejected()
            keys = [image.key for place, image in enumerate(shard.images()) if place not in rejected]
            if not all(is_whole_thumbnail(staging / thumbnail_name(key)) for key in keys):
                shutil.rmtree(shard.result)


def _decoded(path: Path, sha256: str | None) -> Image.Image | ImageRejected:
    changed = ImportRefused(f"{path} changed during the import; run the import again")
    try:
        data = read_bytes(path)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise changed
        return decode_apart(data)
    except ImageRejected as rejection:
        if rejection.reason == "missing" and sha256 is not None:
            raise changed from rejection
        return rejection


def _pixels(outcome: _Outcome) -> int:
    distinct = {} if isinstance(outcome, ImageRejected) else {id(image): image for image in outcome}
    return sum(image.width * image.height for image in distinct.values())
