"""Captions of a data set's images, written by a model in batches that survive the process."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL.Image import Image

from annotations.models import Dataset
from clarify_errors.arrays.common.batches import batched
from clarify_errors.arrays.common.progress import Progress
from clarify_errors.arrays.datasets.dataset_files import DatasetFiles, Split
from clarify_errors.arrays.images.image_decoding import read_image
from clarify_errors.arrays.images.image_files import ImageRejected
from clarify_errors.arrays.keywords.caption_files import tidy
from clarify_errors.arrays.keywords.keyword_sources import KeywordSourceFailed
from clarify_errors.arrays.keywords.stored_captions import growing_captions
from worker.research.keywords.plug_ins import load_plug_in

BATCH = 16
_BUILT_IN = {"transformers": "clarify_errors.tensors.keywords.captioner"}


@dataclass(frozen=True)
class Captioned:
    """What became of the images: with a caption, how many of them now, and a sentence for each that cannot be read."""

    n: int
    n_new: int
    unreadable: tuple[str, ...]


def caption(
    dataset: Dataset, spec: str, splits: Sequence[Split], originals: Path | None, *, name: str, progress: Progress
) -> Captioned:
    """Caption the images of some splits that this captioner has not captioned yet.

    originals: the folder that was imported; without it the thumbnails are captioned, which are small.
    Raises PlugInUnavailable, EncoderUnavailable, BadDataset, StorageFailed, ImportRunning, KeywordSourceFailed.
    """
    files = dataset.files
    captioner = load_plug_in(spec, _BUILT_IN, ("caption", "describe"))
    source = {"captioner": spec, "images": "originals" if originals else "thumbnails", **captioner.describe()}
    rows = np.flatnonzero(np.isin(files.splits, splits))
    unreadable: list[str] = []
    with growing_captions(files, name, source) as growing:
        left = [row for row in rows.tolist() if row not in growing.captions]
        done = len(rows) - len(left)
        for batch in batched(left, BATCH):
            progress("captions", done, len(rows))
            images = dict(_read(files, batch, originals, unreadable))
            texts = captioner.caption(list(images.values())) if images else []
            if len(texts) != len(images):
                raise KeywordSourceFailed(f"{captioner.name} wrote {len(texts)} captions for {len(images)} images")
            growing.add({row: tidy(str(text)) for row, text in zip(images, texts, strict=True)})
            done += len(batch)
        progress("captions", done, len(rows))
    return Captioned(len(growing.captions), len(left) - len(unreadable), tuple(unreadable))


def _read(
    files: DatasetFiles, rows: Sequence[int], originals: Path | None, unreadable: list[str]
) -> Iterator[tuple[int, Image]]:
    for row in rows:
        path = (
            files.image_path(files.image_keys[row].decode()) if originals is None else originals / files.filenames[row]
        )
        try:
            yield row, read_image(path)
        except ImageRejected as error:
            unreadable.append(f"{files.filenames[row]}: {error}")
