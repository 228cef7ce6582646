"""The memory that an index is chosen for: the machine's, or what a container or a unit may take of it."""

import os
from pathlib import Path

import pytest

from clarify_errors.tensors.similarity_search.index_parameters import IndexKind
from worker.datasets import index_builds

MACHINE = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture
def cgroups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "own").write_text("0::/system.slice/worker.service\n")
    (tmp_path / "root/system.slice/worker.service").mkdir(parents=True)
    monkeypatch.setattr(index_builds, "CGROUPS", tmp_path / "root")
    monkeypatch.setattr(index_builds, "OWN_CGROUP", tmp_path / "own")
    return tmp_path / "root"


@pytest.mark.parametrize("folder", [".", "system.slice", "system.slice/worker.service"])
def test_the_lowest_limit_on_the_way_up_holds(cgroups: Path, folder: str) -> None:
    (cgroups / "system.slice/worker.service/memory.max").write_text("max\n")
    assert index_builds.usable_memory() == MACHINE
    (cgroups / folder / "memory.max").write_text(f"{2**20}\n")
    assert index_builds.usable_memory() == 2**20
    assert index_builds.parameters_for(10_000, 768).kind is IndexKind.IVF_PQ  # which the machine would hold whole


def test_without_cgroups_the_machine_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_builds, "CGROUPS", tmp_path)
    monkeypatch.setattr(index_builds, "OWN_CGROUP", tmp_path / "none")
    assert index_builds.usable_memory() == MACHINE
