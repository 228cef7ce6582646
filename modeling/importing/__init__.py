"""Imports a folder of images as a data set directory: reads its listing, checks and embeds every image."""

from modeling.importing.columns import DescribedEncoder, ImageEncoder
from modeling.importing.errors import (
    BadFeatures,
    BadSource,
    ImageInTwoSplits,
    ImportRefused,
    ImportRunning,
    OutsideRoot,
    StorageFailed,
)
from modeling.importing.features import FeatureTable, read_features
from modeling.importing.images import ImageRejected, read_image
from modeling.importing.importer import import_images
from modeling.importing.sources import FORMATS, Source, SourceImage, read_source

__all__ = [
    "FORMATS",
    "BadFeatures",
    "BadSource",
    "DescribedEncoder",
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
