"""A data set's index in its directory, opened once per process."""

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from annotations.models import Dataset, ImageIndex
from modeling.arrays.datasets.dataset_files import DatasetFiles
from modeling.tensors.similarity_search.index_manifest import Images
from modeling.tensors.similarity_search.index_opening import open_index
from modeling.tensors.similarity_search.segmented_index import SegmentedIndex

ARRAY = "similarity"
INDEXES = "image-indexes"  # folder in a data set's directory


def images_of(files: DatasetFiles) -> Images:
    """What tells the data set's embeddings from all others."""
    entry = files.manifest.arrays[ARRAY]
    return Images(files.manifest.encoder_of(ARRAY), entry.sha256, files.n_rows, entry.dim)


def open_index_of(dataset: Dataset, index: ImageIndex) -> SegmentedIndex:
    """Open a data set's index. Raises BadIndex, BadDataset."""
    return _open(settings.DATA_ROOT / index.directory, dataset)


@lru_cache(maxsize=4)  # files are mapped, and so cost little; each is read once to check its digest
def _open(directory: Path, dataset: Dataset) -> SegmentedIndex:
    files = dataset.files
    return open_index(directory, [images_of(files)], [files.array(ARRAY)])
