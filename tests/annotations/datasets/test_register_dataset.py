"""A directory that an import wrote becomes a version of a data set, once."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from annotations.base.service_errors import NotPossible
from annotations.datasets.dataset_registration import find_dataset, register_dataset
from annotations.models import Dataset
from clarify_errors.arrays.datasets.dataset_files import BadDataset
from tests.support import actors


@pytest.fixture(scope="module")
def other_directory() -> Path:
    """Other images under the same name."""
    return actors.write_sprites(Path(settings.DATA_ROOT), seed=2)


def test_the_first_directory_of_a_name_is_version_1(db: None, sprites_directory: Path) -> None:
    dataset, created = register_dataset(sprites_directory)
    assert created
    assert (dataset.name, dataset.version) == ("sprites-like", 1)
    assert (dataset.class_names, dataset.attribute_names) == (["square", "oval"], ["blue", "red"])
    assert dataset.counts == {"train": 100, "validation": 48, "test": 48}
    assert dataset.similarity_encoder == dataset.feature_encoder == actors.ENCODER
    assert dataset.files.directory.samefile(sprites_directory)


def test_the_same_directory_again_is_the_same_row(db: None, sprites_directory: Path) -> None:
    first, _ = register_dataset(sprites_directory)
    again, created = register_dataset(sprites_directory)
    assert (again, created) == (first, False)
    assert Dataset.objects.count() == 1


def test_other_data_under_the_name_is_the_next_version_and_leaves_the_first(
    db: None, sprites_directory: Path, other_directory: Path
) -> None:
    first, _ = register_dataset(sprites_directory)
    second, created = register_dataset(other_directory)
    assert created
    assert (first.version, second.version) == (1, 2)
    assert first.digest != second.digest
    assert find_dataset("sprites-like") == second
    assert find_dataset("sprites-like@1") == first


@pytest.mark.parametrize("reference", ["nothing", "sprites-like@2", "sprites-like@x", "@1", ""])
def test_an_unknown_reference_is_refused_with_the_known_ones(sprites_like: Dataset, reference: str) -> None:
    with pytest.raises(NotPossible, match="sprites-like@1"):
        find_dataset(reference)


def test_a_directory_that_other_processes_would_not_find_is_refused(
    db: None, sprites_directory: Path, tmp_path: Path
) -> None:
    elsewhere = shutil.copytree(sprites_directory, tmp_path / "elsewhere")
    with pytest.raises(NotPossible, match="DATA_ROOT"):
        register_dataset(elsewhere)
    assert not Dataset.objects.exists()


def test_a_damaged_directory_is_refused(db: None, sprites_directory: Path) -> None:
    damaged = shutil.copytree(sprites_directory, sprites_directory.with_name("damaged"))
    (damaged / "labels.npy").unlink()
    with pytest.raises(BadDataset, match=r"labels\.npy"):
        register_dataset(damaged)
    shutil.rmtree(damaged)
    assert not Dataset.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_imports_that_end_at_once_get_a_version_each(sprites_directory: Path, other_directory: Path) -> None:
    def register(directory: Path) -> int:
        try:
            return register_dataset(directory)[0].version
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        versions = list(threads.map(register, [sprites_directory, other_directory] * 4))
    assert sorted(versions) == [1] * 4 + [2] * 4
    assert Dataset.objects.count() == 2
