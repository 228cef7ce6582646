"""Embeddings that others computed, as clip-retrieval writes them: img_emb/*.npy beside metadata/*.parquet."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from modeling.arrays.common.digests import file_sha256
from modeling.arrays.common.modeling_errors import BadArray
from modeling.arrays.datasets.importing.import_errors import BadSource
from modeling.arrays.embeddings.standardization import unit_rows
from modeling.arrays.pools.pool_sources import note_of

EMBEDDINGS, METADATA = "img_emb", "metadata"
_PATHS = ("image_path", "path", "filename", "key")


@dataclass(frozen=True, eq=False)
class EmbeddingFolder:
    """n images, sorted by name: embeddings float32[n, d] of unit rows, notes as `note_of` gives them."""

    names: list[str]
    notes: list[dict[str, Any]]
    rows: NDArray[np.float32]
    sha256: str


def is_embedding_folder(folder: Path) -> bool:
    """Say whether a folder has embeddings instead of images."""
    return (folder / EMBEDDINGS).is_dir()


def read_embeddings(folder: Path, known: frozenset[str] = frozenset()) -> EmbeddingFolder:
    """Read the embeddings of a folder but those of known names; of several of a name the first. Raises BadSource."""
    names: list[str] = []
    notes: list[dict[str, Any]] = []
    blocks: list[NDArray[np.float32]] = []
    digest = sha256()
    for file in sorted((folder / EMBEDDINGS).glob("*.npy"), key=_number):
        table = folder / METADATA / f"metadata_{_number(file)[0]}.parquet"
        try:
            block = np.load(file, allow_pickle=False)
            fields = pq.read_table(table).to_pylist()
            rows = unit_rows(np.asarray(block, np.float32), "embedding")
        except (OSError, ValueError, BadArray) as error:
            raise BadSource(file, f"it, or {table.name}, cannot be read: {error}") from error
        if len(rows) != len(fields):
            raise BadSource(file, f"it has {len(rows)} embeddings, but {table.name} has {len(fields)} lines")
        for line in fields:
            names.append(_name(line, folder, file))
            notes.append(note_of(line))
        blocks.append(rows)
        digest.update(f"{file_sha256(file)} {file_sha256(table)}\n".encode())
    if not names:
        raise BadSource(folder / EMBEDDINGS, "there is no embedding")
    first = {name: place for place, name in reversed(list(enumerate(names)))}
    order = [first[name] for name in sorted(first.keys() - known)]
    return EmbeddingFolder(
        [names[i] for i in order], [notes[i] for i in order], np.concatenate(blocks)[order], digest.hexdigest()
    )


def _number(file: Path) -> tuple[int, str]:
    last = file.stem.rpartition("_")[2]
    return (int(last) if last.isdecimal() else 0, file.name)


def _name(line: dict[str, Any], folder: Path, file: Path) -> str:
    given = next((str(line[name]) for name in _PATHS if line.get(name)), "")
    if not given:
        raise BadSource(file, f"its table has none of the columns {', '.join(_PATHS)}")
    path = Path(given)
    return path.relative_to(folder).as_posix() if path.is_absolute() and path.is_relative_to(folder) else given
