"""A data set that is being written, and how far: what makes a killed import continue."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from modeling.arrays.common.progress import Progress
from modeling.arrays.datasets.dataset_files import THUMBNAILS, thumbnail_name
from modeling.arrays.datasets.importing.embedding_arrays import Column
from modeling.arrays.datasets.importing.images import ImageRejected, decode, is_whole_thumbnail, read_bytes, thumbnail
from modeling.arrays.datasets.importing.import_errors import ImportRefused
from modeling.arrays.datasets.importing.listing_checks import HashedImage, LeftOut
from modeling.arrays.datasets.importing.storage import RowFile, json_bytes, replace_durably, storing, write_file

# A batch ends at whichever comes first: at 4 bytes a pixel it holds 256 MB and one image more.
BATCH_IMAGES = 64
BATCH_PIXELS = 64_000_000


@dataclass
class Partial:
    """A staging folder and the record beside it of how many candidates are done, and which of them were rejected.

    The record is written after the rows that it counts are on the disk. Thumbnails are not synced one by one: those
    that a power cut took are made again. `keys[i]` names the thumbnail of `candidates[i]`.
    """

    folder: Path
    columns: Sequence[Column]
    candidates: Sequence[HashedImage]
    keys: Sequence[str]
    done: int = 0
    rejected: dict[int, tuple[str, str]] = field(default_factory=dict)

    @property
    def kept(self) -> list[int]:
        """The candidates that became rows, in row order."""
        return [index for index in range(len(self.candidates)) if index not in self.rejected]

    @property
    def left_out(self) -> list[LeftOut]:
        return [self.candidates[index].left_out(*why) for index, why in sorted(self.rejected.items())]

    def embed(self, progress: Progress) -> None:
        """Decodes and embeds what is not done yet, and writes rows and thumbnails batch by batch."""
        self._resume()
        progress("embedding", self.done, len(self.candidates))
        for batch in self._batches():
            self._write(batch)
            batch.clear()  # or it would live on while the next one is decoded
            progress("embedding", self.done, len(self.candidates))

    def finish(self) -> None:
        """Gives the array files their final length."""
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
                f"{_record(self.folder)}: it does not tell how far the import came; remove it"
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
        for index in self.kept[: self.done - len(self.rejected)]:
            if not is_whole_thumbnail(self.folder / thumbnail_name(self.keys[index])):
                image = _decoded(self.candidates[index])
                assert isinstance(image, Image.Image)  # the same bytes were decoded before
                self._write_thumbnail(self.keys[index], image)

    def _save(self) -> None:
        record = {"done": self.done, "rejected": self.rejected, "keys": self._keys_sha256()}
        replace_durably(_record(self.folder), json_bytes(record))

    def _keys_sha256(self) -> str:
        """Another secret gives other thumbnail names, and then the import starts anew."""
        return hashlib.sha256("\n".join(self.keys).encode("ascii")).hexdigest()

    def _batches(self) -> Iterator[dict[int, Image.Image | ImageRejected]]:
        """Decoded candidates by index, from `done` on. Batches depend on the images alone, not on where it starts."""
        batch: dict[int, Image.Image | ImageRejected] = {}
        pixels = 0
        for index in range(self.done, len(self.candidates)):
            image = batch[index] = _decoded(self.candidates[index])
            if isinstance(image, Image.Image):
                pixels += image.width * image.height
            if len(batch) == BATCH_IMAGES or pixels >= BATCH_PIXELS:
                yield batch
                batch, pixels = {}, 0
        if batch:
            yield batch

    def _write(self, batch: dict[int, Image.Image | ImageRejected]) -> None:
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
        path = self.folder / thumbnail_name(key)
        with storing(path.parent):
            path.parent.mkdir(exist_ok=True)
        write_file(path, thumbnail(image))


def staging_folder(directory: Path) -> Path:
    """Where a data set directory is made: a hidden folder beside its place."""
    return directory.with_name(f".partial-{directory.name}")


def forget_record(directory: Path) -> None:
    """Removes the record of a data set directory that has its final name."""
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
        return decode(data)
    except ImageRejected as rejection:
        if rejection.reason == "missing" and entry.sha256 is not None:
            raise changed from rejection
        return rejection
