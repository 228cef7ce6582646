"""The sprites data set, from its drawing to its row."""

import shutil
from functools import partial
from pathlib import Path

from django.conf import settings

from annotations.models import Dataset
from clarify_errors.arrays.common.progress import Progress
from clarify_errors.arrays.datasets.importing.storage import storing
from clarify_errors.arrays.keywords.caption_files import read_caption_file
from clarify_errors.arrays.keywords.stored_captions import store_captions
from clarify_errors.arrays.sprites.sprites_source import ATTRIBUTES, CAPTIONS, CLASSES, write_sprites_source
from clarify_errors.tensors.encoders.specs import BUNDLED
from worker.datasets.dataset_import import import_folder

NAME = "sprites"
SEED = 0
_FOLDER = f"{NAME}-{SEED}-v3"  # until 0.11, `sprites-0` held other sprites of this seed; v2 had no captions
_CAPTIONED = {"generator": "what was drawn, in words: no model has looked at the images"}


def import_sprites(progress: Progress) -> tuple[Dataset, bool]:
    """Draw the sprites under DATA_ROOT/sources unless they lie there, and import them; returns as `import_folder`."""
    folder = settings.DATA_ROOT / "sources" / _FOLDER
    if not folder.exists():
        _draw(folder, progress)
    dataset, created = import_folder(
        NAME,
        "csv",
        folder,
        similarity_encoder=BUNDLED,
        class_names=CLASSES,
        attribute_names=ATTRIBUTES,
        progress=progress,
    )
    captions = read_caption_file(folder / CAPTIONS, dataset.files.filenames).captions
    store_captions(dataset.files, "what was drawn", _CAPTIONED, captions)
    return dataset, created


def _draw(folder: Path, progress: Progress) -> None:
    """Draw beside the place and rename, so that a folder with the final name is complete."""
    unfinished = folder.with_name(f".partial-{folder.name}")
    with storing(folder):
        shutil.rmtree(unfinished, ignore_errors=True)
        write_sprites_source(unfinished, SEED, partial(progress, "drawing"))
        unfinished.rename(folder)
