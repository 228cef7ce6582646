"""Data sets of Hugging Face: Parquet files, or a folder of `save_to_disk`, become images as files and a table of them.

The library `datasets` is needed for names on the hub alone.
"""

import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from clarify_errors.arrays.common.progress import Progress
from clarify_errors.arrays.common.steps import step_done
from clarify_errors.arrays.datasets.importing.import_errors import BadSource, reading
from clarify_errors.arrays.datasets.importing.listings import split_said, within
from clarify_errors.arrays.datasets.importing.sources import SHARD_IMAGES
from clarify_errors.arrays.datasets.importing.storage import storing, write_file

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
