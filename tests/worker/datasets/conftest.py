import shutil
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site

from annotations.models import Dataset
from tests.support import actors


@pytest.fixture
def own_copy(db: None, sprites_directory: Path, tmp_path: Path, settings: Any) -> Dataset:
    """The small data set, in a directory that only one test writes to."""
    inside = sprites_directory.relative_to(site.DATA_ROOT)
    shutil.copytree(sprites_directory, tmp_path / inside)
    settings.DATA_ROOT = tmp_path
    return actors.store_dataset(tmp_path / inside)
