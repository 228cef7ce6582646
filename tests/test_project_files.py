"""The files that the forge and other tools read: they parse, say what the project says, and name no address."""

import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

import clarify_errors

ROOT = Path(__file__).parents[1]
PROJECT, LIBRARY = (
    tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"] for folder in ("", "modeling")
)
YAML = [*sorted((ROOT / ".github").rglob("*.yml")), ROOT / ".pre-commit-config.yaml", ROOT / "CITATION.cff"]


@pytest.mark.parametrize("file", YAML, ids=lambda file: file.name)
def test_a_file_for_tools_is_yaml(file: Path) -> None:
    assert isinstance(yaml.safe_load(file.read_text("utf-8")), dict)


def test_workflows_pass_actionlint() -> None:
    actionlint = shutil.which("actionlint", path=str(Path(sys.executable).parent))
    if actionlint is None:
        pytest.skip("actionlint has no wheel for this machine")
    workflows = sorted(map(str, (ROOT / ".github" / "workflows").glob("*.yml")))
    done = subprocess.run([actionlint, "-shellcheck=", "-pyflakes=", *workflows], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_citation_has_the_projects_version_and_licence() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert (citation["version"], citation["license"]) == (clarify_errors.__version__, PROJECT["license"])


def test_the_service_needs_the_library_of_its_own_minor_version() -> None:
    """Both versions are read from `clarify_errors/__init__.py`, so that only the requirement can lag behind."""
    assert PROJECT["dynamic"] == LIBRARY["dynamic"] == ["version"]
    [requirement] = [line for line in PROJECT["dependencies"] if line.startswith(LIBRARY["name"])]
    major, minor, _ = clarify_errors.__version__.split(".")
    assert requirement == f"clarify-errors=={major}.{minor}.*"
    assert {version(LIBRARY["name"]), version(PROJECT["name"])} == {clarify_errors.__version__}


def test_the_library_has_the_licence_of_the_service() -> None:
    assert LIBRARY["license"] == PROJECT["license"]
    assert (ROOT / "modeling" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_no_extra_is_in_both_projects() -> None:
    """`deploy.lock install` takes the extras of both by name."""
    assert PROJECT["optional-dependencies"].keys() & LIBRARY["optional-dependencies"].keys() == set()


def test_the_first_tasks_files_exist() -> None:
    words = (ROOT / "CONTRIBUTING.md").read_text("utf-8").replace("`", " ").split()
    paths = [word.strip(".,;:") for word in words if word.startswith(("modeling/", "tests/")) and ".py" in word]
    assert paths and all((ROOT / path).is_file() for path in paths)


@pytest.mark.parametrize("notebook", [file.name for file in sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))])
def test_the_readme_has_each_notebook_and_opens_it_elsewhere_once_the_project_has_an_address(notebook: str) -> None:
    readme, path = (ROOT / "README.md").read_text("utf-8"), f"docs/notebooks/{notebook}"
    repository = PROJECT.get("urls", {}).get("Repository", "").removeprefix("https://github.com/")
    assert f"]({path})" in readme
    assert (f"colab.research.google.com/github/{repository}/blob/main/{path}" in readme) == bool(repository)
    assert (f"mybinder.org/v2/gh/{repository}/main?labpath={path}" in readme) == bool(repository)


def test_each_page_of_the_docs_is_in_the_sites_contents() -> None:
    contents = (ROOT / "docs" / "index.md").read_text("utf-8").split("\n")
    files = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "docs").rglob("*.ipynb")]
    pages = [file.relative_to(ROOT / "docs").with_suffix("").as_posix() for file in files if "0" not in file.stem[:1]]
    assert [page for page in pages if page not in contents] == ["index"]
