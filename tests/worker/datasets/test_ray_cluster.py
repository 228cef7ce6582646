"""Two nodes of a Ray cluster embed an import: the data set is that of one worker, to the byte, whichever node is lost.

The nodes have no DATABASE_URL: whatever imported the settings there would fail.
"""

import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.core.management import call_command

from annotations.datasets import import_requests as imports
from annotations.models import Dataset, DatasetImport, ImportShard, JobState
from clarify_errors.arrays.common.progress import silent
from clarify_errors.arrays.datasets.dataset_files import open_dataset, verify
from clarify_errors.arrays.datasets.importing import shards
from clarify_errors.arrays.datasets.importing.import_errors import ImportRefused
from tests.modeling.arrays.datasets.folders import animals, write_csv_folder
from tests.worker.datasets.waiting_encoder import FREELY, GO, do_nothing, end_this_process
from worker.datasets import dataset_import, ray_engine
from worker.datasets.dataset_import import import_folder
from worker.datasets.imports import run_due_imports

pytestmark = [pytest.mark.services, pytest.mark.django_db]

cluster_utils = pytest.importorskip("ray.cluster_utils", reason="the extra `cluster` is not installed")

N, SHARD = 96, 4
ENCODER = "python:tests.worker.datasets.waiting_encoder"
NODE = {"num_cpus": 1, "num_gpus": 0, "object_store_memory": 100_000_000, "include_dashboard": False}


def started(start: Callable[[], Any]) -> Any:
    """Start what Ray gives up, by an Exception, after 30 s: on a busy machine again, without what was left of it."""
    this = psutil.Process()
    for _ in range(3):
        before = set(this.children(recursive=True))
        try:
            return start()
        except Exception as error:
            why = error
        for left in set(this.children(recursive=True)) - before:
            with suppress(psutil.NoSuchProcess):
                left.kill()
    pytest.skip(f"Ray's node did not start here: {why}")


@pytest.fixture(scope="module")
def embedded_by(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the encoder leaves a file for each batch, and need not wait."""
    folder = tmp_path_factory.mktemp("embedded-by")
    (folder / GO).touch()
    return folder


@pytest.fixture(scope="module")
def cluster(embedded_by: Path) -> Iterator[Any]:
    """One node, which this process joins; without the site's database."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patched.setenv("RAY_agent_register_timeout_ms", "120000")  # a busy machine is slow to start a node
        patched.setenv("EMBEDDED_BY", str(embedded_by))
        for name in ("DATABASE_URL", "REDIS_URL"):
            patched.delenv(name, raising=False)
        one = started(lambda: cluster_utils.Cluster(initialize_head=True, head_node_args=NODE))
        yield one
        one.shutdown()


@pytest.fixture
def second_node(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A node beside it, for one test."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    node = started(lambda: cluster.add_node(**NODE))
    yield node
    if node in cluster.worker_nodes:
        cluster.remove_node(node)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, embedded_by: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that is imported, in IMPORT_ROOT; small shards."""
    settings.DATA_ROOT, settings.IMPORT_ROOT = tmp_path / "data", tmp_path / "import"
    settings.DEFAULT_SIMILARITY_ENCODER = ENCODER
    monkeypatch.setenv("EMBEDDED_BY", str(embedded_by))
    monkeypatch.setattr(shards, "SHARD_IMAGES", SHARD)
    monkeypatch.setattr(shards, "BATCH_IMAGES", SHARD)
    monkeypatch.setattr(ray_engine, "POLL_S", 0.1)
    root = write_csv_folder(tmp_path / "import" / "animals", animals(per_group=8))
    (root / "images" / "0-cartoon-dog-train.png").write_bytes(b"no image")
    return root


@pytest.fixture
def alone(folder: Path, tmp_path: Path, settings: Any) -> dict[str, bytes]:
    """What one worker makes of the folder, by itself, in a data store that is forgotten."""
    directory = imported(folder, engine="").files.directory
    made = contents(directory)
    Dataset.objects.all().delete()
    shutil.rmtree(tmp_path / "data")
    return made


def imported(folder: Path, engine: str, progress: Callable[[str, int, int], None] = silent) -> Dataset:
    return import_folder("animals", "csv", folder, similarity_encoder=ENCODER, engine=engine, progress=progress)[0]


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def n_batches(embedded_by: Path, node: int | str = "*") -> int:
    return len(list(embedded_by.glob(f"{node}-*")))


def test_a_node_that_is_killed_in_the_middle_loses_nothing(
    cluster: Any, second_node: Any, folder: Path, alone: dict[str, bytes], embedded_by: Path
) -> None:
    raylet = second_node.all_processes["raylet"][0].process.pid
    (embedded_by / GO).unlink()
    before = n_batches(embedded_by)
    told: list[int] = []

    def kill_it_in_the_middle(stage: str, done: int, total: int) -> None:
        if stage == "embedding":
            told.append(done)
            if second_node in cluster.worker_nodes and n_batches(embedded_by, raylet) == FREELY + 1:
                its_processes = psutil.Process(raylet).children(recursive=True)
                cluster.remove_node(second_node, allow_graceful=False)
                for process in its_processes:  # they would outlive it for a moment
                    with suppress(psutil.NoSuchProcess):
                        process.kill()
                (embedded_by / GO).touch()

    dataset = imported(folder, f"ray:{cluster.address}", kill_it_in_the_middle)
    assert second_node not in cluster.worker_nodes
    assert n_batches(embedded_by) - before == N // SHARD + 1  # the one that was lost, and no other, was done again
    verify(dataset.files.directory)
    assert contents(dataset.files.directory) == alone
    assert told == sorted(told)
    assert told[-1] == N
    assert sorted(path.name for path in dataset.files.directory.parent.iterdir()) == [".import.lock", dataset.digest]


def test_a_worker_embeds_imports_by_the_engine_of_its_settings(
    cluster: Any, folder: Path, alone: dict[str, bytes], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.IMPORT_ENGINE = f"ray:{cluster.address}"
    monkeypatch.setattr(dataset_import, "embed_shared", pytest.fail)
    before = signal.getsignal(signal.SIGTERM)
    given: dict[str, Any] = {"name": "animals", "source_format": "csv", "folder": "animals", "train_base_model": False}
    imports.request_import(DatasetImport(**given, similarity_encoder=ENCODER, requested_by="coordinator"))
    assert run_due_imports() == 1
    job = DatasetImport.objects.get()
    assert (job.state, job.error, job.attempts, job.n_done) == (JobState.DONE, "", 1, N)
    assert contents(Dataset.objects.get().files.directory) == alone
    assert not ImportShard.objects.exists()
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_command_has_the_engine_as_its_option(cluster: Any, folder: Path, alone: dict[str, bytes]) -> None:
    asked = ("--format", "csv", "--similarity-encoder", ENCODER, "--engine", f"ray:{cluster.address}")
    call_command("import_dataset", "animals", folder, *asked)
    assert contents(Dataset.objects.get().files.directory) == alone


def test_what_is_wrong_with_an_image_is_said_as_without_a_cluster(cluster: Any, folder: Path) -> None:
    def change_an_image(stage: str, done: int, total: int) -> None:
        if (stage, done) == ("embedding", 0):
            (folder / "images" / "7-photograph-horse-test.png").write_bytes(b"changed")

    with pytest.raises(ImportRefused, match=r"7-photograph-horse-test\.png changed during the import"):
        imported(folder, f"ray:{cluster.address}", change_an_image)


def test_a_node_whose_processes_end_gives_the_import_up_with_a_sentence(
    cluster: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_engine, "RETRIES", 1)
    monkeypatch.setattr(ray_engine, "embed_some", end_this_process)
    with pytest.raises(ImportRefused, match="the Ray cluster gave shards up: "):
        imported(folder, f"ray:{cluster.address}")


def test_a_cluster_that_finishes_nothing_is_given_up(
    cluster: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_engine, "SILENT_S", 0.0)
    monkeypatch.setattr(ray_engine, "embed_some", do_nothing)
    with pytest.raises(ImportRefused, match="has finished no shard for 0 s"):
        imported(folder, f"ray:{cluster.address}")


def test_kinds_of_device_that_differ_stand_in_the_manifest(
    cluster: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "default")
    other = started(lambda: cluster.add_node(**NODE))
    dataset = imported(folder, f"ray:{cluster.address}")
    cluster.remove_node(other)
    assert "CPU, DEFAULT" in open_dataset(dataset.files.directory).manifest.report["devices"]
    assert len(dataset.files.manifest.report["devices"]) == 2
