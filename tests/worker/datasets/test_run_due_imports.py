"""A worker imports what was asked for in the admin, goes on where a killed one stopped, and says why it failed."""

import datetime as dt
import io
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from annotations.datasets import import_requests as imports
from annotations.models import BaseModel, Dataset, DatasetImport, JobState
from annotations.queue import jobs
from clarify_errors.arrays.datasets.dataset_files import verify
from clarify_errors.arrays.datasets.importing import shards
from clarify_errors.tensors.encoders import CheckedEncoder, load_encoder
from tests.modeling.arrays.datasets.folders import animals, write_csv_folder
from tests.support.actors import ENCODER
from tests.support.forked import Forked
from worker.datasets import dataset_import
from worker.datasets.imports import run_due_imports

Ask = Callable[..., DatasetImport]


@pytest.fixture
def roots(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """DATA_ROOT and IMPORT_ROOT of this test's own, the latter with a folder `animals`."""
    settings.DATA_ROOT = tmp_path / "data"
    settings.IMPORT_ROOT = tmp_path / "import"
    settings.DEFAULT_SIMILARITY_ENCODER = ENCODER
    write_csv_folder(tmp_path / "import" / "animals", animals(per_group=3))
    yield tmp_path


@pytest.fixture
def ask(db: None, roots: Path) -> Ask:
    def request(**given: Any) -> DatasetImport:
        source = {"archive": given.pop("archive").relative_to(roots / "data").as_posix()} if "archive" in given else {}
        usual = {"name": "animals", "source_format": "csv", "similarity_encoder": ENCODER}
        usual |= source or {"folder": "animals"}
        job = imports.request_import(DatasetImport(**usual | given, requested_by="coordinator"))
        run_due_imports()
        job.refresh_from_db()
        return job

    return request


def archived(folder: Path, *extra: tuple[str, bytes]) -> Path:
    """The folder as an uploaded archive."""
    path = imports.upload_path("animals.zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.rglob("*.*"):
            archive.write(file, f"animals/{file.relative_to(folder)}")
        for name, data in extra:
            archive.writestr(name, data)
    return path


def test_while_the_encoder_is_loaded_the_row_says_so_and_counts_nothing(
    ask: Ask, roots: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, int, int | None]] = []

    def load(spec: str) -> CheckedEncoder:
        seen.extend(DatasetImport.objects.values_list("phase", "n_done", "n_total"))
        return load_encoder(spec)

    monkeypatch.setattr(dataset_import, "load_encoder", load)
    assert ask(archive=archived(roots / "import" / "animals")).state == JobState.DONE  # was unpacked before
    assert seen == [("loading the encoder", 0, None)]


def test_a_folder_becomes_a_data_set_with_a_base_model(ask: Ask, roots: Path) -> None:
    job = ask()
    assert (job.state, job.error, job.phase) == (JobState.DONE, "", "")
    assert job.dataset == Dataset.objects.get()
    verify(job.dataset.files.directory)
    assert (job.report["listed"], job.report["kept"], job.report["is_new"]) == (36, 36, True)
    assert job.report["counts"] == {"train": 12, "validation": 12, "test": 12}
    assert BaseModel.objects.get().name == "erm"


def test_without_a_base_model_there_is_none(ask: Ask) -> None:
    assert ask(train_base_model=False).state == JobState.DONE
    assert not BaseModel.objects.exists()


def test_the_same_again_finds_what_is_there(ask: Ask) -> None:
    first, again = ask(), ask()
    assert (again.state, again.dataset, again.report["is_new"]) == (JobState.DONE, first.dataset, False)


def test_an_archive_is_imported_and_then_gone(ask: Ask, roots: Path) -> None:
    job = ask(archive=archived(roots / "import" / "animals"))
    assert (job.state, job.error) == (JobState.DONE, "")
    assert list((roots / "data" / imports.UPLOADS).iterdir()) == []


@pytest.mark.parametrize("name", ["../evil.png", "/evil.png"])
def test_an_archive_that_leads_out_fails_and_writes_nothing_there(ask: Ask, roots: Path, name: str) -> None:
    job = ask(archive=archived(roots / "import" / "animals", (name, b"x")))
    assert job.state == JobState.FAILED
    assert "leads out of the archive" in job.error
    assert str(roots) not in job.error
    assert not list(roots.rglob("evil.png"))
    assert list((roots / "data" / imports.UPLOADS).iterdir()) == []


def test_a_bomb_fails(ask: Ask, roots: Path) -> None:
    path = imports.upload_path("bomb.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.png", b"\0" * 60_000_000)
    assert "unpacks to more than an archive of images of its size can hold" in ask(archive=path).error


@pytest.mark.parametrize("method", ["bz2", "gz"])
def test_the_import_behind_a_hostile_archive_begins(ask: Ask, roots: Path, method: str) -> None:
    path, info = imports.upload_path("hostile.tar"), tarfile.TarInfo("__MACOSX/a")
    info.size = 100_000_000
    with tarfile.open(path, f"w:{method}") as archive:  # type: ignore[call-overload]  # of no literal
        archive.addfile(info, io.BytesIO(b"\0" * info.size))
    hostile = DatasetImport(name="hostile", archive=path.relative_to(roots / "data").as_posix(), source_format="csv")
    imports.request_import(hostile)
    job = ask()
    hostile.refresh_from_db()
    assert (hostile.state, job.state) == (JobState.FAILED, JobState.DONE)
    assert "unpacks to more than" in hostile.error or "not an archive" in hostile.error


def test_a_folder_that_is_no_such_thing_says_which_line(ask: Ask, roots: Path) -> None:
    table = roots / "import" / "animals" / "metadata.csv"
    table.write_text(table.read_text().replace(",validation,", ",dev,", 1))
    error = ask().error
    assert error.startswith("animals/metadata.csv, line ")
    assert "is 'dev', not one of train, validation" in error


def test_a_data_set_without_validation_is_in_and_says_so(ask: Ask, roots: Path) -> None:
    rows = [row for row in animals() if row[1] != "validation"]
    write_csv_folder(roots / "import" / "no-validation", rows)
    job = ask(folder="no-validation", name="few")
    assert job.state == JobState.FAILED
    assert job.error.startswith("The data set was imported, but its base model was not trained: No validation image")
    assert job.dataset == Dataset.objects.get()


def test_an_encoder_that_cannot_be_loaded_keeps_the_archive_for_another_try(
    ask: Ask, roots: Path, settings: Any
) -> None:
    settings.DEFAULT_SIMILARITY_ENCODER = "open_clip:no-such-model:nothing"
    job = ask(archive=archived(roots / "import" / "animals"), similarity_encoder="open_clip:no-such-model:nothing")
    assert job.state == JobState.FAILED
    imports.request_again(job, similarity_encoder="bundled:small-clip", by="coordinator")
    run_due_imports()
    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.DONE, "")
    assert job.dataset is not None and job.dataset.similarity_encoder == "bundled:small-clip"


@pytest.mark.django_db(transaction=True)
def test_an_import_that_was_killed_goes_on_where_it_stopped(
    subprocess_environment: dict[str, str], roots: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "SHARD_IMAGES", 4)  # as the worker that is killed has it
    monkeypatch.setattr(shards, "BATCH_IMAGES", 4)
    given: dict[str, Any] = {"name": "animals", "source_format": "csv", "folder": "animals"}
    job = imports.request_import(DatasetImport(**given, similarity_encoder=ENCODER, requested_by="coordinator"))
    environment = {
        **subprocess_environment,
        "DATA_ROOT": str(roots / "data"),
        "IMPORT_ROOT": str(roots / "import"),
        "DJANGO_SETTINGS_MODULE": "clarify_site.settings",
    }
    said = roots / "importing.log"
    process = Forked("import tests.worker.datasets.slow_dataset_import", (), environment, (said, said))
    until = time.monotonic() + 60
    while not (job.phase == "embedding" and job.n_done >= 8):
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.02)
        job.refresh_from_db()
    process.kill()
    process.wait()
    assert run_due_imports() == 0  # it may be alive
    DatasetImport.objects.update(heartbeat_at=timezone.now() - jobs.SILENT_FOR - dt.timedelta(seconds=1))
    seen: list[int] = []
    original = jobs.beat
    try:
        jobs.beat = lambda job, **fields: (seen.append(fields.get("n_done", -1)), original(job, **fields))  # type: ignore[assignment, func-returns-value]
        assert run_due_imports() == 1
    finally:
        jobs.beat = original
    job.refresh_from_db()
    assert (job.state, job.attempts, job.report["kept"]) == (JobState.DONE, 2, 36)
    embedded = seen[seen.index(36) + 1 :]  # after the images were read
    assert min(n for n in embedded if n >= 0) >= 8
    verify(Dataset.objects.get().files.directory)
