"""A data set that is being written, and a record of its progress, so that an interrupted import can continue."""

import hashlib
import json
import shutil
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from modeling.arrays.common.progress import Progress
from modeling.arrays.common.steps import step_done
from modeling.arrays.datasets.dataset_files import THUMBNAILS, thumbnail_name
from modeling.arrays.datasets.importing.embedding_arrays import Column
from modeling.arrays.datasets.importing.import_errors import ImportRefused
from modeling.arrays.datasets.importing.listing_checks import HashedImage, LeftOut
from modeling.arrays.datasets.importing.storage import RowFile, json_bytes, replace_durably, storing, write_file
from modeling.arrays.images.image_decoding import decode_apart
from modeling.arrays.images.image_files import ImageRejected, is_whole_thumbnail, read_bytes, thumbnail

# A batch ends at whichever limit comes first. With 4 bytes per pixel it holds at most 256 MB plus one image; two are in
# memory, since the next one is decoded while one is embedded.
BATCH_IMAGES = 64
BATCH_PIXELS = 64_000_000
LOOK_AFTER_S = 1.0

_Batch = dict[int, Image.Image | ImageRejected]


@dataclass
class Partial:
    """A staging folder, with a record of the candidates that are done or rejected.

    The record is written after the rows that it counts are on the disk. Thumbnails are not synced one by one: those
    lost in a power failure are made again.

    Attributes
    ----------
    folder : pathlib.Path
    columns : sequence of Column
    candidates : sequence of HashedImage
    keys : sequence of str
        `keys[i]` names the thumbnail of `candidates[i]`.
    done : int
        Candidates that are done.
    rejected : dict of int to (str, str)
        Reason and detail by candidate.
    has_thumbnails : bool
        False for a pool.
    """

    folder: Path
    columns: Sequence[Column]
    candidates: Sequence[HashedImage]
    keys: Sequence[str]
    done: int = 0
    rejected: dict[int, tuple[str, str]] = field(default_factory=dict)
    has_thumbnails: bool = True
    _decoding: int = field(default=-1, init=False)
    _is_given_up: bool = field(default=False, init=False)

    @property
    def kept(self) -> list[int]:
        """Return the candidates that became rows, in row order."""
        return [index for index in range(len(self.candidates)) if index not in self.rejected]

    @property
    def left_out(self) -> list[LeftOut]:
        """Return the report's lines for rejected candidates."""
        return [self.candidates[index].left_out(*why) for index, why in sorted(self.rejected.items())]

    def embed(self, progress: Progress) -> None:
        """Decode and embed the remaining candidates, and write them batch by batch.

        Parameters
        ----------
        progress : Progress
            Counts images in the stage `embedding`.

        Raises
        ------
        ImportRefused
            If a file changes during the import, or rows cannot be written.
        BadEmbedding
            If an encoder does not return finite unit rows.
        """
        self._resume()
        progress("embedding", self.done, len(self.candidates))
        with closing(self._batches_ahead()) as batches:
            for batch in batches:
                self._write(batch)
                batch.clear()  # frees it while the next batch is decoded
                progress("embedding", self.done, len(self.candidates))

    def finish(self) -> None:
        """Give the array files their final length."""
        for column in self.columns:
            RowFile(self.folder / column.file, column.dim).finish(len(self.kept))

    def _resume(self) -> None:
        try:
            record = json.loads(_record(self.folder).read_bytes())
            resumable = self.folder.is_dir() and record["keys"] == self._keys_sha256()
        except FileNotFoundError:
            resumable = False
        except (ValueError, KeyError, TypeError) as error:
            raise ImportRefused(
                f"{_record(self.folder)}: this record of the import's progress is damaged; remove it"
            ) from error
        if resumable:
            self.done = record["done"]
            self.rejected = {int(index): (reason, detail) for index, (reason, detail) in record["rejected"].items()}
            self._mend_thumbnails()
        else:
            self._start()

    def _start(self) -> None:
        with storing(self.folder):
            if self.folder.exists():
                shutil.rmtree(self.folder)
            (self.folder / THUMBNAILS).mkdir(parents=True)
        self._save()

    def _mend_thumbnails(self) -> None:
        if not self.has_thumbnails:
            return
        for index in self.kept[: self.done - len(self.rejected)]:
            if not is_whole_thumbnail(self.folder / thumbnail_name(self.keys[index])):
                image = _decoded(self.candidates[index])
                assert isinstance(image, Image.Image)  # the same bytes could be decoded before
                self._write_thumbnail(self.keys[index], image)

    def _save(self) -> None:
        record = {"done": self.done, "rejected": self.rejected, "keys": self._keys_sha256()}
        replace_durably(_record(self.folder), json_bytes(record))

    def _keys_sha256(self) -> str:
        """Hash the keys: with another secret, thumbnails have other names, and the import starts again."""
        return hashlib.sha256("\n".join(self.keys).encode("ascii")).hexdigest()

    def _batches_ahead(self) -> Generator[_Batch, None, None]:
        """Yield what `_batches` does, and decode the next one while a batch is embedded."""
        batches = self._batches()
        with ThreadPoolExecutor(1) as thread:
            try:
                coming = thread.submit(next, batches, None)
                while batch := self._awaited(coming):
                    coming = thread.submit(next, batches, None)
                    yield batch
            finally:
                self._is_given_up = True

    def _awaited(self, coming: Future[_Batch | None]) -> _Batch | None:
        seen = -1
        while not wait([coming], LOOK_AFTER_S).done:
            if self._decoding != seen:  # a step is one image: who waits for a file that never comes takes none
                seen = self._decoding
                step_done()
        return coming.result()

    def _batches(self) -> Iterator[_Batch]:
        """Yield decoded candidates by index, from `done` on. Batches depend on the images, not on where they start."""
        batch: _Batch = {}
        pixels = 0
        for index in range(self.done, len(self.candidates)):
            if self._is_given_up:
                return
            self._decoding = index
            image = batch[index] = _decoded(self.candidates[index])
            if isinstance(image, Image.Image):
                pixels += image.width * image.height
            if len(batch) == BATCH_IMAGES or pixels >= BATCH_PIXELS:
                yield batch
                batch, pixels = {}, 0
        if batch:
            yield batch

    def _write(self, batch: _Batch) -> None:
        first_row = self.done - len(self.rejected)
        good = {index: image for index, image in batch.items() if isinstance(image, Image.Image)}
        if good:
            images = [self.candidates[index].image for index in good]
            for column in self.columns:
                rows = column.rows(list(good.values()), images)
                RowFile(self.folder / column.file, column.dim).write(first_row, rows)
            for index, image in good.items():
                self._write_thumbnail(self.keys[index], image)
        for index, outcome in batch.items():
            if isinstance(outcome, ImageRejected):
                self.rejected[index] = (outcome.reason, outcome.detail)
        self.done += len(batch)
        self._save()

    def _write_thumbnail(self, key: str, image: Image.Image) -> None:
        if not self.has_thumbnails:
            return
        path = self.folder / thumbnail_name(key)
        with storing(path.parent):
            path.parent.mkdir(exist_ok=True)
        write_file(path, thumbnail(image))


def staging_folder(directory: Path) -> Path:
    """Return where a data set directory is made: a hidden folder beside it.

    Parameters
    ----------
    directory : pathlib.Path

    Returns
    -------
    pathlib.Path
    """
    return directory.with_name(f".partial-{directory.name}")


def forget_record(directory: Path) -> None:
    """Delete the progress record of a data set directory that has its final name.

    Parameters
    ----------
    directory : pathlib.Path

    Raises
    ------
    StorageFailed
        If it cannot be deleted.
    """
    record = _record(staging_folder(directory))
    with storing(record):
        record.unlink(missing_ok=True)


def _record(folder: Path) -> Path:
    return folder.with_name(folder.name + ".json")


def _decoded(entry: HashedImage) -> Image.Image | ImageRejected:
    path = entry.image.path
    changed = ImportRefused(f"{path} changed during the import; run the import again")
    try:
        data = read_bytes(path)
        if hashlib.sha256(data).hexdigest() != entry.sha256:
            raise changed
        return decode_apart(data)
    except ImageRejected as rejection:
        if rejection.reason == "missing" and entry.sha256 is not None:
            raise changed from rejection
        return rejection
