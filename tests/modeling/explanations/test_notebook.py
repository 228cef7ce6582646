"""The notebooks run from their first cell to their last, and find what their texts say."""

import json
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.services, pytest.mark.usefixtures("sprites_once")]

NOTEBOOKS = Path(__file__).parents[3] / "docs" / "notebooks"


def run(notebook: str) -> dict[str, Any]:
    """Run all its cells here; return the names that they leave."""
    names: dict[str, Any] = {}
    for cell in json.loads((NOTEBOOKS / notebook).read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), notebook, "exec"), names)
    return names


def test_the_first_notebook_runs_and_finds_what_it_says() -> None:
    names = run("find-and-fix-a-flaw.ipynb")
    report = names["report"]
    assert report.class_name == "square"
    assert report.table().phrase[:2].tolist() == ["red", "round"]
    assert names["red"].gain.low > 0.1
    assert report.correct("round").gain.low <= 0
    assert report.correct("tilted").gain.low < 0


def test_a_folder_and_a_table_are_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = run("your-own-photographs.ipynb")
    assert names["best"] == "red" and names["head"].gain.low > 0.1
    assert (tmp_path / "head.safetensors").stat().st_size > 1000
