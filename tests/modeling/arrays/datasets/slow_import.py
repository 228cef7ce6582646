"""Run by test_resume.py: imports SOURCE under DATA_ROOT in small batches, slowly, so that it can be killed."""

import sys
import time
from pathlib import Path

from clarify_errors.arrays.datasets.importing import shards
from clarify_errors.arrays.datasets.importing.embedding_arrays import array_encoders
from clarify_errors.arrays.datasets.importing.importer import import_images
from clarify_errors.arrays.datasets.importing.sources import read_source
from tests.modeling.arrays.datasets.pixel_encoder import PixelEncoder

shards.SHARD_IMAGES = shards.BATCH_IMAGES = 4

import_images(
    read_source("csv", Path(sys.argv[1])),
    Path(sys.argv[2]),
    "animals",
    encoders=array_encoders(PixelEncoder()),
    key_secret=b"secret",
    progress=lambda stage, done, total: time.sleep(0.02 if stage == "embedding" else 0),
)
