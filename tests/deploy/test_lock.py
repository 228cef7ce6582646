import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from deploy import lock
from tests.support import lock_audit

TEXT = lock.LOCK.read_text(encoding="utf-8")
LOCAL = ("--editable", str(lock.ROOT / "modeling"), "--editable", str(lock.ROOT))

TOY = """\
celery==5.7.0 \\
    --hash=sha256:aa
    # via clarify-errors-server (pyproject.toml)
kombu==5.7.0 \\
    --hash=sha256:bb
    # via
    #   clarify-errors-server (pyproject.toml)
    #   celery
vine==5.1.0 ; python_full_version < '3.12' \\
    --hash=sha256:cc
    # via kombu
vine==5.2.0 ; python_full_version >= '3.12' \\
    --hash=sha256:dd
    # via kombu
torch==2.9.0 \\
    --hash=sha256:ee
    # via clarify-errors-server (pyproject.toml)
sympy==1.14.0 \\
    --hash=sha256:ff
    # via torch
"""


def test_the_lock_has_a_version_that_fits_each_requirement() -> None:
    entries = lock.blocks(TEXT)
    for line in lock.requirements(lock.all_extras()):
        requirement = Requirement(line)
        if lock.name_of(line) not in lock.RANGES:
            versions = re.findall(r"^\S+?==(\S+)", entries[lock.name_of(line)], re.MULTILINE)
            assert versions, line
            assert all(Version(version) in requirement.specifier for version in versions), (line, versions)


def test_each_entry_of_the_lock_has_a_digest() -> None:
    assert [name for name, text in lock.blocks(TEXT).items() if "--hash=sha256:" not in text] == []


def test_the_lock_names_no_address() -> None:
    assert "://" not in TEXT


def test_torch_and_what_only_torch_needs_are_in_no_lock() -> None:
    names = lock.blocks(TEXT).keys()
    assert not {"torch", "torchvision", "sympy", "triton"} & names
    assert [name for name in names if name.startswith(("nvidia-", "cuda-"))] == []


def test_web_hosts_get_django_and_neither_scipy_nor_pytest() -> None:
    names = lock.blocks(lock.select(TEXT, [])).keys()
    assert {"django", "gunicorn", "numpy", "sqlparse"} <= names
    assert not {"scipy", "pytest"} & names


def test_an_entry_is_needed_through_others_but_not_through_torch() -> None:
    assert lock.needed(lock.blocks(TOY), ["celery[redis]>=5.7", "torch>=2"]) == {"celery", "kombu", "vine"}


def test_a_package_with_two_versions_keeps_both() -> None:
    assert lock.blocks(TOY)["vine"].count("--hash") == 2


def test_a_lock_that_lacks_a_requirement_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(lock, "LOCK", tmp_path / "lock.txt")
    lock.LOCK.write_text(TOY, encoding="utf-8")
    assert lock.main(["install", "proxy"]) == 1
    assert "run `make lock`" in capsys.readouterr().err


def test_an_extra_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert lock.main(["install", "wroker"]) == 1
    assert "no extra wroker; it has explain, transformers, " in capsys.readouterr().err


@pytest.fixture
def pip_calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    calls: list[tuple[str, ...]] = []
    monkeypatch.setattr(lock, "run_pip", lambda *arguments: calls.append(arguments))
    return calls


def test_an_installation_takes_nothing_by_name_but_torch(pip_calls: list[tuple[str, ...]]) -> None:
    assert lock.main(["install", "worker"]) == 0
    by_name = [call for call in pip_calls if call[0] == "install" and "--require-hashes" not in call]
    assert by_name == [
        ("install", *lock.ranges(["worker"])),
        ("install", "--no-deps", "--no-build-isolation", *LOCAL),
    ]
    assert pip_calls[-1] == ("check",)


def test_the_library_is_installed_without_the_service(pip_calls: list[tuple[str, ...]]) -> None:
    assert lock.main(["library", "explain"]) == 0
    assert ("install", "--no-deps", "--no-build-isolation", *LOCAL[:2]) in pip_calls
    names = lock.blocks(lock.select(TEXT, ["explain"], lock.ALONE)).keys()
    assert {"numpy", "pandas"} <= names and not {"django", "celery"} & names


def test_an_empty_list_of_extras_installs_the_bases(pip_calls: list[tuple[str, ...]]) -> None:
    """WEB_EXTRAS of the images is empty unless it is given."""
    assert lock.main(["install", "backups,"]) == 0
    assert ("install", "--no-deps", "--no-build-isolation", *LOCAL) in pip_calls


@pytest.mark.parametrize("names", ["uv", "build,setuptools"])
def test_a_tool_comes_from_the_lock(names: str, pip_calls: list[tuple[str, ...]]) -> None:
    assert lock.main(["tools", names]) == 0
    assert [(call[0], "--require-hashes" in call) for call in pip_calls] == [("install", True)]


def test_a_tool_that_the_lock_lacks_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert lock.main(["tools", "uv,gcc"]) == 1
    assert "deploy/lock.txt lacks gcc." in capsys.readouterr().err


@pytest.mark.parametrize("licence", ["GPL-3.0-only", "GNU AGPLv3", "UNKNOWN", "SSPL-1.0", "CC BY-NonCommercial"])
def test_a_licence_that_does_not_fit_is_found(licence: str) -> None:
    assert lock_audit.UNFIT.search(licence)


@pytest.mark.parametrize("licence", ["MIT", "LGPL-3.0-only", "BSD-3-Clause", "MPL-2.0", "Apache-2.0", "PSF-2.0"])
def test_a_licence_that_fits_is_not_found(licence: str) -> None:
    assert not lock_audit.UNFIT.search(licence)


def test_the_licences_of_what_is_shipped_fit() -> None:
    assert lock_audit.unfit_licences() == []


@pytest.fixture
def sbom(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(lock_audit, "SBOM", tmp_path / "sbom.json")
    return tmp_path / "sbom.json"


def listed(sbom: Path) -> set[str]:
    return set(re.findall(r'"purl": "pkg:pypi/([^@"]+)@', sbom.read_text(encoding="utf-8")))


def test_the_list_of_parts_has_each_entry(sbom: Path) -> None:
    lock_audit.write_parts_list("--no-validate")  # that takes seconds, and `make audit` does it
    assert listed(sbom) == set(lock.blocks(TEXT))


def test_a_list_of_parts_is_as_its_schema_says(sbom: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    some = dict(list(lock.blocks(TEXT).items())[:10])
    monkeypatch.setattr(lock_audit, "select", lambda text, extras: "\n".join(some.values()))
    lock_audit.write_parts_list()
    assert listed(sbom) == set(some)
