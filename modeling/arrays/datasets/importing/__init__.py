"""Imports a folder of images as a data set directory: reads its listing, checks and embeds every image."""

from modeling.arrays.datasets.importing.embedding_arrays import DescribedEncoder, Embeddings, ImageEncoder
from modeling.arrays.datasets.importing.features import FeatureTable, read_features
from modeling.arrays.datasets.importing.images import ImageRejected, read_image
from modeling.arrays.datasets.importing.import_errors import (
    BadFeatures,
    BadSource,
    ImageInTwoSplits,
    ImportRefused,
    ImportRunning,
    OutsideRoot,
    StorageFailed,
)
from modeling.arrays.datasets.importing.importer import import_images
from modeling.arrays.datasets.importing.sources import FORMATS, Source, SourceImage, read_source

__all__ = [
    "FORMATS",
    "BadFeatures",
    "BadSource",
    "DescribedEncoder",
    "Embeddings",
    "FeatureTable",
    "ImageEncoder",
    "ImageInTwoSplits",
    "ImageRejected",
    "ImportRefused",
    "ImportRunning",
    "OutsideRoot",
    "Source",
    "SourceImage",
    "StorageFailed",
    "import_images",
    "read_features",
    "read_image",
    "read_source",
]
