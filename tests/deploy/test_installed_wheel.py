"""The built wheel, in an environment without the checkout: it has all files, and runs the whole job."""

import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("annotations", "clarify_site", "deploy", "modeling", "worker")

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that is built of the sdist, as the one on an index is."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    [built] = folder.glob("clarify_errors-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An environment with the wheel. What it needs comes from here, without what makes the checkout importable."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "venv")
    python = folder / "venv" / "bin" / "python"
    install = ["--python", str(python), "install", "--no-deps", "--ignore-installed", "--quiet", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True)
    [packages] = (folder / "venv" / "lib").glob("python*/site-packages")
    # The folder alone: the .pth files in it, of which one names the checkout, are not read again.
    (packages / "needs.pth").write_text(sysconfig.get_path("purelib"))
    for program in ("caddy",):
        (python.parent / program).symlink_to(Path(sys.executable).with_name(program))
    yield folder
    left = [file for file in packages.rglob("*") if file.is_dir() and file.name in ("var", "demo")]
    assert not left, f"state lies beside the code: {left}"


def run(installed: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "MALLOC_MMAP_THRESHOLD_") if name in os.environ}
    env = {**kept, "HOME": str(installed), "OMP_NUM_THREADS": "1", **more}
    program = str(installed / "venv" / "bin" / arguments[0])
    return subprocess.run([program, *arguments[1:]], cwd=installed, env=env, capture_output=True, text=True)


def test_the_wheel_has_every_file_of_the_packages(wheel: Path) -> None:
    listed = subprocess.run(["git", "ls-files", *PACKAGES], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(listed.stdout.split()) <= set(zipfile.ZipFile(wheel).namelist())


def test_the_checkout_is_out_of_reach_there(installed: Path) -> None:
    where = run(
        installed,
        "python",
        "-c",
        "import deploy, modeling, sys; print(clarify_errors.__file__, deploy.__file__, *sys.path)",
    )
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
