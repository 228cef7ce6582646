"""`manage.py import_dataset --format shards`: WebDataset's tar files become the data set of the files in them."""

import io
import tarfile
from pathlib import Path

import pytest
from django.core.management import CommandError

from annotations.models import Dataset
from clarify_errors.arrays.datasets.dataset_files import verify
from tests.modeling.arrays.datasets.folders import write_image
from tests.support.actors import ENCODER
from tests.worker.commands.conftest import Command

pytestmark = pytest.mark.django_db

FORMAT = ("--format", "shards", "--similarity-encoder", ENCODER, "--class-names", "cat,dog")


def write_shard(file: Path, start: int, folder: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(file, "w") as tape:
        for n in range(start, start + 6):
            tape.add(write_image(folder / f"{n}.jpg", n), f"{n:06}.jpg")
            said = tarfile.TarInfo(f"{n:06}.cls")
            said.size = 1
            tape.addfile(said, io.BytesIO(str(n % 2).encode()))


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    folder = tmp_path / "shards"
    for place, name in enumerate(("train/0.tar", "train/1.tar", "pets-val-0.tar", "pets-test-0.tar")):
        write_shard(folder / name, 10 * place, tmp_path / "images")
    return folder


def test_shards_become_a_data_set_and_nothing_unpacked_stays(command: Command, data_root: Path, shards: Path) -> None:
    report = command("import_dataset", "pets", shards, *FORMAT)
    dataset = Dataset.objects.get()
    verify(dataset.files.directory)
    assert dataset.counts == {"train": 12, "validation": 6, "test": 6}
    assert "train: 12 (cat 6, dog 6)" in report
    assert dataset.files.filenames[0] == "train/0/000000.jpg"
    assert not list((data_root / "uploads").iterdir())
    assert "Nothing to do" in command("import_dataset", "pets", shards, *FORMAT)


def test_a_damaged_shard_is_named_and_nothing_is_imported(command: Command, data_root: Path, shards: Path) -> None:
    damaged = shards / "train" / "1.tar"
    damaged.write_bytes(damaged.read_bytes()[:700])
    with pytest.raises(CommandError, match=r"train/1\.tar: ") as refused:
        command("import_dataset", "pets", shards, *FORMAT)
    assert "\n" not in str(refused.value)
    assert not Dataset.objects.exists()
    assert not list((data_root / "uploads").iterdir())
