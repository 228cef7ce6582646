from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clarify_errors.arrays.datasets.importing.embedding_arrays import array_encoders
from clarify_errors.arrays.datasets.importing.importer import import_images
from clarify_errors.arrays.datasets.importing.listings import Source
from clarify_errors.arrays.datasets.importing.sources import read_source
from tests.modeling.arrays.datasets.folders import animals, write_csv_folder
from tests.modeling.arrays.datasets.pixel_encoder import PixelEncoder

Import = Callable[..., Path]


@pytest.fixture
def encoder() -> PixelEncoder:
    return PixelEncoder()


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """24 images of dogs and horses, photographs and cartoons."""
    return read_source("csv", write_csv_folder(tmp_path / "source", animals()))


@pytest.fixture
def import_to(encoder: PixelEncoder, tmp_path: Path) -> Import:
    """Imports a source as "animals" under tmp_path / "data" with the pixel encoder."""

    def run(source: Source, **arguments: Any) -> Path:
        defaults: dict[str, Any] = {
            "data_root": tmp_path / "data",
            "name": "animals",
            "key_secret": b"secret",
        }
        similarity = arguments.pop("similarity_encoder", encoder)
        arguments["encoders"] = array_encoders(similarity, arguments.pop("features", None))
        return import_images(source, **(defaults | arguments))

    return run
