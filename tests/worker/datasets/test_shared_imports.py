"""Workers share an import: whoever is killed, wherever it is, the data set is that of one worker, to the byte."""

import datetime as dt
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.test import override_settings
from django.utils import timezone

from annotations.datasets import import_requests as imports
from annotations.datasets import import_shards
from annotations.models import Dataset, DatasetImport, ImportShard, JobState
from annotations.queue import jobs, worker_wakeup
from clarify_errors.arrays.common.progress import silent
from clarify_errors.arrays.datasets.dataset_files import verify
from clarify_errors.arrays.datasets.importing import shards
from clarify_errors.arrays.datasets.importing.shards import Plan, read_plan
from clarify_errors.tensors.encoders import load_encoder
from tests.modeling.arrays.datasets.folders import animals, write_csv_folder
from tests.support.actors import ENCODER
from tests.support.forked import Forked
from tests.support.own_database import Committed
from worker.datasets import import_encoders, shared_imports
from worker.datasets.dataset_import import import_folder
from worker.datasets.imports import run_due_imports

N, SHARD = 96, 4
LONG_AGO = dt.timedelta(seconds=61)


@pytest.fixture(scope="module")
def animals_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that is imported; each test has a copy."""
    folder = write_csv_folder(tmp_path_factory.mktemp("source") / "animals", animals(per_group=8))
    (folder / "images" / "0-cartoon-dog-train.png").write_bytes(b"no image")
    return folder


@pytest.fixture(autouse=True)
def roots(animals_folder: Path, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """DATA_ROOT and IMPORT_ROOT of this test's own, the latter with a folder `animals`; small shards."""
    settings.DATA_ROOT = tmp_path / "data"
    settings.IMPORT_ROOT = tmp_path / "import"
    settings.DEFAULT_SIMILARITY_ENCODER = ENCODER
    shutil.copytree(animals_folder, tmp_path / "import" / "animals")
    monkeypatch.setattr(shards, "SHARD_IMAGES", SHARD)
    monkeypatch.setattr(shards, "BATCH_IMAGES", SHARD)
    monkeypatch.setattr(shared_imports, "left_alone_until", {})
    return tmp_path


@pytest.fixture(scope="module")
def alone(committed: Committed, animals_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What one worker makes of the folder, by itself."""
    root = tmp_path_factory.mktemp("alone")
    with committed(), override_settings(DATA_ROOT=root), pytest.MonkeyPatch.context() as patched:
        patched.setattr(shards, "BATCH_IMAGES", SHARD)  # it is written down
        dataset, _ = import_folder("animals", "csv", animals_folder, similarity_encoder=ENCODER, progress=silent)
        return contents(dataset.files.directory)


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def ask() -> DatasetImport:
    given: dict[str, Any] = {"name": "animals", "source_format": "csv", "folder": "animals", "train_base_model": False}
    return imports.request_import(DatasetImport(**given, similarity_encoder=ENCODER, requested_by="coordinator"))


def begun(job: DatasetImport, while_shared: Callable[[Plan, str], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the import, and something at the moment when its shards are there for others."""
    real = import_shards.share

    def share(directory: str, waiting: Any) -> None:
        real(directory, waiting)
        while_shared(read_plan(site.DATA_ROOT / directory), directory)

    monkeypatch.setattr(import_shards, "share", share)
    run_due_imports()
    job.refresh_from_db()


def wait_until(condition: Callable[[], bool], *processes: Forked) -> None:
    until = time.monotonic() + 90
    while not condition():
        assert all(process.poll() is None for process in processes), "a worker ended by itself"
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture
def start(roots: Path, subprocess_environment: dict[str, str]) -> Iterator[Callable[[str], Forked]]:
    """Start a worker: `slow_dataset_import` or `helping_worker`. What is still there at the end is killed."""
    processes: list[Forked] = []
    environment = {
        **subprocess_environment,
        "DATA_ROOT": str(roots / "data"),
        "IMPORT_ROOT": str(roots / "import"),
        "DJANGO_SETTINGS_MODULE": "clarify_site.settings",
    }

    def start_one(module: str) -> Forked:
        said = roots / f"{module}.log"
        processes.append(Forked(f"import tests.worker.datasets.{module}", (), environment, (said, said)))
        return processes[-1]

    yield start_one
    for process in processes:
        process.kill()
        process.wait()


@pytest.mark.django_db(transaction=True)
def test_the_worker_that_imports_and_a_helper_are_killed(
    alone: dict[str, bytes], start: Callable[[str], Forked]
) -> None:
    job = ask()
    importing = start("slow_dataset_import")
    wait_until(lambda: ImportShard.objects.exists(), importing)
    helping = start("helping_worker")
    wait_until(lambda: ImportShard.objects.filter(leased_until__gt=timezone.now()).count() >= 2, importing, helping)
    importing.kill()
    importing.wait()
    at_that_time = import_shards.n_embedded(ImportShard.objects.earliest("pk").directory)
    wait_until(lambda: import_shards.n_embedded(ImportShard.objects.earliest("pk").directory) > at_that_time, helping)
    helping.kill()
    helping.wait()
    done = [shard.number for shard in ImportShard.objects.all() if shard.n_done == shard.count]
    assert done and len(done) < N // SHARD

    assert run_due_imports() == 0  # they may be alive
    DatasetImport.objects.update(heartbeat_at=timezone.now() - LONG_AGO)
    assert run_due_imports() == 1
    job.refresh_from_db()
    assert (job.state, job.error, job.attempts) == (JobState.DONE, "", 2)
    directory = Dataset.objects.get().files.directory
    verify(directory)
    assert contents(directory) == alone
    assert sorted(path.name for path in directory.parent.iterdir()) == [".import.lock", directory.name]
    assert not ImportShard.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_helper_that_is_killed_costs_its_lease_alone(
    alone: dict[str, bytes], start: Callable[[str], Forked], monkeypatch: pytest.MonkeyPatch
) -> None:
    helping = start("helping_worker")

    def kill_it_in_the_middle(plan: Plan, directory: str) -> None:
        wait_until(lambda: import_shards.n_embedded(directory) >= 2 * SHARD, helping)
        helping.kill()
        helping.wait()
        assert ImportShard.objects.filter(leased_until__gt=timezone.now(), n_done__lt=SHARD).exists()
        ImportShard.objects.update(leased_until=timezone.now() - LONG_AGO)

    job = ask()
    begun(job, kill_it_in_the_middle, monkeypatch)
    assert (job.state, job.error, job.attempts) == (JobState.DONE, "", 1)
    assert contents(Dataset.objects.get().files.directory) == alone


@pytest.mark.django_db
def test_a_helper_can_do_all_but_the_merge(alone: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(worker_wakeup, "send", sent.append)
    helped: list[int] = []
    job = ask()
    begun(job, lambda plan, directory: helped.append(shared_imports.help_with_shards()), monkeypatch)
    assert helped == [N // SHARD]
    assert sent == [worker_wakeup.EMBED_SHARDS]  # once more, behind what waits in its queue
    assert job.state == JobState.DONE
    assert contents(Dataset.objects.get().files.directory) == alone


@pytest.mark.django_db
def test_a_helper_takes_no_further_shard_when_its_turn_is_over(
    alone: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_imports, "TURN_S", 0.05)
    helped: list[int] = []
    job = ask()
    begun(job, lambda plan, directory: helped.append(shared_imports.help_with_shards()), monkeypatch)
    assert 0 < helped[0] < N // SHARD
    assert contents(Dataset.objects.get().files.directory) == alone


def no_images(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_imports, "read_plan", lambda directory: replace(plan, root="/not/here"))


def other_weights(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    other = load_encoder(ENCODER)
    other.description = {**other.description, "weights_sha256": "0"}
    monkeypatch.setattr(import_encoders, "loaded_once", lambda spec: other)


def own_worker_gone(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    long_ago = time.time() - shared_imports.LEFT_ALONE_S - 1
    os.utime(shards.shards_folder(plan.directory) / shards.PLAN, (long_ago, long_ago))


def broken_gpu(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("CUDA error")

    monkeypatch.setattr(shared_imports, "embed_shards", fail)


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", [no_images, other_weights, own_worker_gone, broken_gpu])
def test_a_helper_that_cannot_help_leaves_the_import_alone(
    alone: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, wrong: Callable[[Plan, pytest.MonkeyPatch], None]
) -> None:
    helped: list[int] = []

    def help_twice(plan: Plan, directory: str) -> None:
        with monkeypatch.context() as here:
            wrong(plan, here)
            helped.extend(shared_imports.help_with_shards() for _ in range(2))
        assert not ImportShard.objects.filter(leased_until__isnull=False).exists()

    job = ask()
    begun(job, help_twice, monkeypatch)
    assert helped == [0, 0]
    assert job.state == JobState.DONE
    assert contents(Dataset.objects.get().files.directory) == alone


@pytest.mark.django_db
def test_what_is_wrong_with_an_image_is_said_by_the_worker_that_imports(
    roots: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change_an_image(plan: Plan, directory: str) -> None:
        (roots / "import" / "animals" / "images" / "7-photograph-horse-test.png").write_bytes(b"changed")
        shared_imports.help_with_shards()

    job = ask()
    begun(job, change_an_image, monkeypatch)
    assert job.state == JobState.FAILED
    assert "7-photograph-horse-test.png changed during the import" in job.error
    assert not ImportShard.objects.exists()


@pytest.mark.django_db
def test_an_import_that_is_cancelled_has_no_shards_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    job = ask()
    begun(job, lambda plan, directory: jobs.cancel(job, "ada"), monkeypatch)
    assert (job.state, job.error) == (JobState.FAILED, "Cancelled by ada.")
    assert not ImportShard.objects.exists()


@pytest.mark.django_db
def test_a_small_import_is_not_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "SHARD_IMAGES", N // (shared_imports.SHARED_FROM - 1) + 1)
    monkeypatch.setattr(import_shards, "share", pytest.fail)
    ask()
    assert run_due_imports() == 1
    assert Dataset.objects.get().files.n_rows == N - 1


@pytest.mark.django_db
def test_a_shard_that_ends_each_worker_fails_the_import_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    job = ask()
    begun(job, lambda plan, directory: ImportShard.objects.filter(number=7).update(attempts=5), monkeypatch)
    assert job.state == JobState.FAILED
    assert job.error.startswith("Each worker that took up shard 7 of datasets/animals/")
