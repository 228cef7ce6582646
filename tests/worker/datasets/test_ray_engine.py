"""What keeps an import from a Ray cluster is said before anything is embedded."""

import socket
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from annotations.models import Dataset
from clarify_errors.arrays.common.progress import silent
from clarify_errors.arrays.datasets.importing import shards
from clarify_errors.arrays.datasets.importing.import_errors import ImportRefused
from clarify_errors.tensors.encoders import load_encoder
from clarify_errors.tensors.encoders.inference import device_kind
from tests.modeling.arrays.datasets.folders import animals, write_csv_folder
from tests.support.actors import ENCODER
from worker.datasets.dataset_import import import_folder
from worker.datasets.ray_engine import _slots, embed_some


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.DATA_ROOT = tmp_path / "data"
    return write_csv_folder(tmp_path / "animals", animals(per_group=1))


def imported(folder: Path, engine: str) -> Dataset:
    return import_folder("animals", "csv", folder, similarity_encoder=ENCODER, engine=engine, progress=silent)[0]


def test_without_the_package_a_sentence_names_the_extra(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ImportRefused, match="install Clarify's extra `cluster`"):
        imported(folder, "ray")


def test_an_address_where_nothing_listens_is_refused(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(ImportRefused, match=f"there is no Ray cluster at {address}: Connection refused"):
        imported(folder, f"ray:{address}")


def test_other_engines_are_refused(folder: Path) -> None:
    with pytest.raises(ImportRefused, match="'spark' is no engine: use ray or ray:ADDRESS"):
        imported(folder, "spark")


def planned(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of an import that is about to embed."""
    plans: list[shards.Plan] = []

    def stop(plan: shards.Plan, *_: object) -> None:
        plans.append(plan)
        raise ImportRefused("enough")

    with monkeypatch.context() as stopped, pytest.raises(ImportRefused, match="enough"):
        stopped.setattr("worker.datasets.dataset_import.embed_shared", stop)
        imported(folder, "")
    return plans[0].directory


def test_a_node_that_does_not_see_the_import_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match=f"not seen from the machine {socket.gethostname()}"):
        embed_some(str(tmp_path / "elsewhere"), [0], 1)


def test_a_node_that_does_not_see_the_images_is_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = planned(folder, monkeypatch)
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(ImportRefused, match=f"animals is not on the machine {socket.gethostname()}"):
        embed_some(str(directory), [0], 1)


def test_a_task_that_was_lost_does_only_the_shards_that_are_not_done(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "SHARD_IMAGES", 4)
    directory = planned(folder, monkeypatch)
    embed_some(str(directory), [0], 1)
    done = shards.read_plan(directory).shards[0].result.stat().st_mtime_ns
    embed_some(str(directory), [0, 1, 2], 1)
    plan = shards.read_plan(directory)
    assert not plan.waiting
    assert plan.shards[0].result.stat().st_mtime_ns == done


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        pytest.param([{"CPU": 8.0}, {"CPU": 4.0}, {}], (4, 0, 3), id="the smallest node fits a task"),
        pytest.param([{"CPU": 64.0}], (16, 0, 4), id="no more CPUs than processes that decode"),
        pytest.param([{"CPU": 32.0, "GPU": 8.0}, {"CPU": 8.0}], (4, 1, 8), id="a task for each GPU"),
        pytest.param([{"CPU": 2.0, "GPU": 4.0}], (1, 1, 4), id="more GPUs than CPUs"),
    ],
)
def test_tasks_get_what_the_nodes_have(nodes: list[dict[str, float]], expected: tuple[int, int, int]) -> None:
    ray = SimpleNamespace(nodes=lambda: [{"Alive": True, "Resources": node} for node in nodes])
    assert _slots(ray, 16) == expected


def test_a_cluster_without_cpus_is_refused() -> None:
    nodes = [{"Alive": True, "Resources": {}}, {"Alive": False, "Resources": {"CPU": 4.0}}]
    with pytest.raises(ImportRefused, match="no node of the Ray cluster has a CPU"):
        _slots(SimpleNamespace(nodes=lambda: nodes), 16)


@pytest.mark.django_db
def test_the_manifest_lists_every_kind_of_device(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "SHARD_IMAGES", 4)
    directory = planned(folder, monkeypatch)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr("clarify_errors.tensors.encoders.checked.device_kind", lambda: "some GPU")
        elsewhere.setattr("worker.datasets.import_encoders.loaded_once", load_encoder)
        embed_some(str(directory), [1], 1)
    assert imported(folder, "").files.manifest.report["devices"] == [device_kind(), "some GPU"]
