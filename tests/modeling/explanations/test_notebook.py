"""The notebook runs from its first cell to its last, and says what its text says."""

import json
from pathlib import Path
from typing import Any

import modeling

NOTEBOOK = Path(modeling.__file__).parents[1] / "docs" / "notebooks" / "find-and-fix-a-flaw.ipynb"


def test_the_notebook_runs_and_finds_what_it_says() -> None:
    names: dict[str, Any] = {}
    for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), str(NOTEBOOK), "exec"), names)
    report = names["report"]
    assert report.class_name == "square"
    assert report.table().phrase[:2].tolist() == ["red", "round"]
    assert names["red"].gain.low > 0.1
    assert report.correct("round").gain.low <= 0
    assert report.correct("tilted").gain.low < 0
