"""The built wheels, in environments without the checkout: they have all files, and run the whole job."""

import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from PIL import Image

import clarify_errors
from deploy import lock

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("annotations", "clarify_site", "deploy", "worker")
OF_OTHERS = ("modeling", "worker", "tests")  # folders that a user of the library may have

pytestmark = pytest.mark.services


def build(project: Path, folder: Path) -> Path:
    """Build a project's sdist, and of that its wheel, as the one on an index is; return the wheel."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(project)]
    subprocess.run(command, check=True, capture_output=True)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT / "modeling", tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("service"))


@pytest.fixture(scope="module")
def installed(library: Path, service: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An environment with both wheels. What they need comes from here, without what makes the checkout importable."""
    folder = tmp_path_factory.mktemp("installed")
    packages = install(folder, library, service)
    # The folder alone: the .pth files in it, of which two name the checkout, are not read again.
    (packages / "needs.pth").write_text(sysconfig.get_path("purelib"))
    for program in ("caddy",):
        (folder / "venv" / "bin" / program).symlink_to(Path(sys.executable).with_name(program))
    yield folder
    left = [file for file in packages.rglob("*") if file.is_dir() and file.name in ("var", "demo")]
    assert not left, f"state lies beside the code: {left}"


def install(folder: Path, *wheels: Path) -> Path:
    """Make an environment with the wheels, and without what they need; return its site-packages."""
    venv.create(folder / "venv")
    python = folder / "venv" / "bin" / "python"
    options = ["--python", str(python), "install", "--no-deps", "--ignore-installed", "--quiet"]
    subprocess.run([sys.executable, "-m", "pip", *options, *map(str, wheels)], check=True)
    [packages] = (folder / "venv" / "lib").glob("python*/site-packages")
    return packages


def run(installed: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "MALLOC_MMAP_THRESHOLD_") if name in os.environ}
    env = {**kept, "HOME": str(installed), "OMP_NUM_THREADS": "1", **more}
    program = str(installed / "venv" / "bin" / arguments[0])
    return subprocess.run([program, *arguments[1:]], cwd=installed, env=env, capture_output=True, text=True)


def listed(folder: Path, *packages: str) -> set[str]:
    found = subprocess.run(["git", "ls-files", *packages], cwd=folder, capture_output=True, text=True, check=True)
    return set(found.stdout.split())


def files_of(wheel: Path) -> set[str]:
    """The files of a wheel beside its metadata."""
    return {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}


def test_the_services_wheel_has_the_files_of_its_packages_and_no_others(service: Path) -> None:
    assert files_of(service) == listed(ROOT, *PACKAGES)


def test_the_librarys_wheel_has_the_files_of_its_package_and_no_others(library: Path) -> None:
    assert files_of(library) == listed(ROOT / "modeling", "clarify_errors")


@pytest.fixture(scope="module")
def beside_others(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the library and the packages of its base alone, in a folder with packages of its user."""
    folder = tmp_path_factory.mktemp("beside-others")
    packages = install(folder, library)
    asked = [requires for requires in (metadata.requires("clarify-errors") or []) if "extra ==" not in requires]
    for name in (lock.name_of(requirement) for requirement in asked):
        for top in {file.parts[0] for file in metadata.files(name) or []} - {".."}:
            (packages / top).symlink_to(Path(sysconfig.get_path("purelib")) / top)
    for name in OF_OTHERS:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("MINE = True\n")
    return folder


def test_the_library_is_imported_beside_packages_of_its_user(beside_others: Path) -> None:
    script = f"""
import {", ".join(OF_OTHERS)}
import clarify_errors as clarify
from clarify_errors.arrays.images.image_decoding import read_image
from clarify_errors.arrays.phrases.error_score import error_score
assert all(each.MINE for each in ({", ".join(OF_OTHERS)}))
print(clarify.__version__, clarify.__file__)
"""
    done = run(beside_others, "python", "-c", script)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{clarify_errors.__version__} {beside_others}/venv/")


def test_an_image_is_decoded_beside_packages_of_its_user(beside_others: Path) -> None:
    """The process that decodes finds the library by its path alone."""
    Image.new("RGB", (3, 2)).save(beside_others / "image.png")
    script = (
        "from pathlib import Path; from clarify_errors.arrays.images.image_decoding import read_image;"
        "print(read_image(Path('image.png')).size)"
    )
    done = run(beside_others, "python", "-c", script)
    assert done.stdout == "(3, 2)\n", done.stderr


def test_the_librarys_command_says_what_the_service_is_installed_as(beside_others: Path) -> None:
    assert "explain" in run(beside_others, "clarify", "--help").stdout
    done = run(beside_others, "clarify", "demo")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: `clarify demo` needs more packages (clarify_site, django, ")
    assert "pip install 'clarify-errors-server[worker,embedded]'" in done.stderr


def test_the_checkout_is_out_of_reach_there(installed: Path) -> None:
    script = "import clarify_errors, deploy, sys; print(clarify_errors.__file__, deploy.__file__, *sys.path)"
    where = run(installed, "python", "-c", script)
    assert str(ROOT) + "/modeling" not in where.stdout and str(ROOT) not in where.stdout.split()
    assert where.stdout.startswith(str(installed))


@pytest.mark.timeout(1200)
def test_the_whole_job_runs_from_it_and_keeps_its_state_in_the_folder_that_is_named(installed: Path) -> None:
    home = installed / "state"
    done = run(installed, "clarify", "demo", "--home", str(home), "--once")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"worst group accuracy, allocated +0\.\d+ on average", done.stdout)
    assert (home / "demo" / "exports" / "sprites-demo.zip").is_file()
    assert {path.name for path in installed.iterdir()} <= {"venv", "state", ".cache"}
