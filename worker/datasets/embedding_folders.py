"""Embeddings that others computed, as clip-retrieval writes them: img_emb/*.npy beside metadata/*.parquet.

Features of a classifier, where they differ, lie in features/*.npy. Rows are read block by block, as they are written.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from clarify_errors.arrays.common.digests import file_sha256
from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.common.steps import step_done
from clarify_errors.arrays.datasets.importing.embedding_arrays import ImageEncoder
from clarify_errors.arrays.datasets.importing.import_errors import BadSource, ImportRefused, reading
from clarify_errors.arrays.datasets.importing.row_files import in_blocks
from clarify_errors.arrays.embeddings.standardization import unit_rows
from clarify_errors.arrays.images.image_decoding import read_image
from clarify_errors.arrays.images.image_files import ImageRejected

IMG_EMB, FEATURES, METADATA = "img_emb", "features", "metadata"
PATHS = ("image_path", "path", "filename", "key")  # columns that name an image
TRIED = 16  # images that are encoded
LEAST_LIKE = 0.8  # an encoder's own embeddings, in half precision or of a resized copy, are more like what it makes


@dataclass(frozen=True, eq=False)
class EmbeddingFolder:
    """n images in the order of the files' numbers. starts: int64[m + 1], the first image of each of m files, and n."""

    root: Path
    files: Sequence[Path]
    starts: NDArray[np.int64]

    @property
    def n_rows(self) -> int:
        return int(self.starts[-1])

    @property
    def has_features(self) -> bool:
        return (self.root / FEATURES).is_dir()

    @cached_property
    def sha256(self) -> str:
        """Digest of all files."""
        digest = hashlib.sha256()
        for number, file in enumerate(self.files):
            read = [file, _table_of(file), *([self._file(FEATURES, number)] if self.has_features else [])]
            for each in read:
                with reading(each):
                    digest.update(f"{file_sha256(each)}\n".encode())
                step_done()
        return digest.hexdigest()

    def dim(self, array: str = IMG_EMB) -> int:
        """The number of columns of an array. Raises BadSource."""
        return int(_mapped(self._file(array, 0)).shape[1])

    def rows(self, wanted: NDArray[np.int64], array: str = IMG_EMB) -> NDArray[np.float32]:
        """Unit rows of some images, float32[m, d]. Raises BadSource where one is zero or not finite."""
        found = np.empty((len(wanted), self.dim(array)), np.float32)
        parts = np.searchsorted(self.starts, wanted, "right") - 1
        for number in np.unique(parts):
            file, here = self._file(array, number), parts == number
            places = wanted[here] - self.starts[number]
            with reading(file):
                found[here] = _unit(np.asarray(_mapped(file)[places], np.float32), places)
        step_done()
        return found

    def in_order(self, places: NDArray[np.int64], array: str = IMG_EMB) -> Iterator[NDArray[np.float32]]:
        """Yield the rows of some images, in blocks. Raises BadSource."""
        return (self.rows(places[some], array) for some in in_blocks(len(places), self.dim(array)))

    def columns(self) -> set[str]:
        """The columns that any table has. Raises BadSource."""
        found: set[str] = set()
        for file in map(_table_of, self.files):
            with reading(file):
                found.update(pq.read_schema(file).names)
        return found

    def lines(self, columns: Collection[str] = ()) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield each image's file name, relative to the folder where it lies in it, and what some columns say of it."""
        start = f"{self.root.resolve()}/"
        for batch in self.batches((*PATHS, *columns)):
            for line in batch.to_pylist():
                name = next((str(line[column]) for column in PATHS if line.get(column)), "")
                if not name:
                    raise lacking(self.root, PATHS)
                yield name.removeprefix(start), line

    def batches(self, columns: Collection[str]) -> Iterator[pa.RecordBatch]:
        """Yield the tables of the images in parts, with those of some columns that they have. Raises BadSource."""
        for file in map(_table_of, self.files):
            with reading(file):
                table = pq.ParquetFile(file)
                wanted = [name for name in table.schema_arrow.names if name in columns]
                if not wanted:
                    raise lacking(self.root, columns)
                for batch in table.iter_batches(2**14, columns=wanted):
                    yield batch
                    step_done()

    def require_encoder(
        self, encoder: ImageEncoder, array: str = IMG_EMB, some: Iterable[tuple[int, Path]] = ()
    ) -> None:
        """Check that the rows can be an encoder's: by their length, and by what it makes of a few images.

        some: rows, and the files of their images. Raises ImportRefused.
        """
        dim, spec = self.dim(array), encoder.description["spec"]
        if dim != encoder.dim:
            raise ImportRefused(f"The embeddings have {dim} dimensions, but {spec} makes {encoder.dim}: name theirs")
        images, rows = [], []
        for row, path in islice(some, TRIED):
            with suppress(ImageRejected):
                images.append(read_image(path))
                rows.append(row)
        if not images:
            return
        made = encoder.encode_images(images)
        likeness = float(np.median(np.einsum("ij,ij->i", made, self.rows(np.array(rows), array))))
        if likeness < LEAST_LIKE:
            raise ImportRefused(
                f"The embeddings are another encoder's: of {len(images)} images, what {spec} makes has a similarity of "
                f"{likeness:.2f} to them. Name the encoder that made them"
            )

    def _file(self, array: str, number: int) -> Path:
        file = self.files[number]
        return file if array == IMG_EMB else self.root / array / f"{array}_{_number(file)[0]}.npy"


def lacking(root: Path, columns: Iterable[str]) -> BadSource:
    """The error for tables without what some columns say."""
    return BadSource(root / METADATA, f"not every image has one of the columns {', '.join(columns)}")


def is_embedding_folder(folder: Path) -> bool:
    """Say whether a folder has embeddings instead of images."""
    return (folder / IMG_EMB).is_dir()


def open_embeddings(root: Path) -> EmbeddingFolder:
    """Open a folder of embeddings, and check that its files fit together. Raises BadSource."""
    files = sorted((root / IMG_EMB).glob("*.npy"), key=_number)
    found = EmbeddingFolder(root, files, np.zeros(len(files) + 1, np.int64))
    for number, file in enumerate(files):
        with reading(_table_of(file)):
            n_lines = pq.read_metadata(_table_of(file)).num_rows
        for array in (IMG_EMB, FEATURES) if found.has_features else (IMG_EMB,):
            of = found._file(array, number)
            n, dim = _mapped(of).shape
            if n != n_lines:
                raise BadSource(of, f"it has {n} embeddings, but {_table_of(file).name} has {n_lines} lines")
            if dim != found.dim(array):
                raise BadSource(of, f"it has {dim} columns, but {found._file(array, 0).name} has {found.dim(array)}")
        found.starts[number + 1] = found.starts[number] + n_lines
    if not found.n_rows:
        raise BadSource(root / IMG_EMB, "there is no embedding")
    return found


def _number(file: Path) -> tuple[int, str]:
    last = file.stem.rpartition("_")[2]
    return (int(last) if last.isdecimal() else 0, file.name)


def _table_of(file: Path) -> Path:
    return file.parents[1] / METADATA / f"metadata_{_number(file)[0]}.parquet"


def _mapped(file: Path) -> NDArray[Any]:
    """An array of a file, mapped anew each time, so that what was read of it does not stay in memory."""
    with reading(file):
        rows: NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False)
        if rows.ndim != 2 or rows.dtype.kind not in "fiu" or not rows.shape[1]:
            raise BadArray(f"it holds {rows.dtype}{list(rows.shape)}, not a matrix of numbers")
    return rows


def _unit(rows: NDArray[np.float32], places: NDArray[np.int64]) -> NDArray[np.float32]:
    usable = np.isfinite(rows).all(axis=1) & rows.any(axis=1)
    if not usable.all():
        raise BadArray(f"its row {places[np.argmin(usable)]:,} is zero or not finite")
    return unit_rows(rows)
