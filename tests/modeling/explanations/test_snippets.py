"""The first examples of the README and of the pages for engineers run as they stand, and all pass mypy."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/engineers/python.md"


@pytest.mark.services
def test_the_first_example_runs_and_finds_what_is_planted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(first_example(PAGE), str(PAGE), "exec"), {})
    said = capsys.readouterr().out
    assert "“red” tells errors apart best" in said and "own gain +" in said
    assert (tmp_path / "head.safetensors").is_file()


@pytest.mark.services
def test_the_readmes_first_example_finds_both_colours_unasked_and_ends_with_a_correction_that_gains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))  # where embeddings are kept
    exec(compile(first_example(ROOT / "README.md"), "README.md", "exec"), {})
    said = capsys.readouterr().out
    assert "images like “crimson”, on 0 of" in said and "images like “blue”, on 0 of" in said
    assert (tmp_path / "report.html").stat().st_size > 10_000
    assert re.search(r"own gain \+\S+ points \(95% for other test images: \+", said)
    assert (tmp_path / "head.safetensors").is_file()


@pytest.mark.parametrize("page", ["docs/index.md", "modeling/README.md"])
def test_each_first_page_begins_with_the_readmes_example(page: str) -> None:
    assert first_example(ROOT / page) == first_example(ROOT / "README.md")


# What the shorter examples take as given: the reader's own.
GIVEN = """\
import numpy as np
import torch
from collections.abc import Callable
from numpy.typing import NDArray
from PIL import Image

import clarify_errors as clarify

network: torch.nn.Module
loader: torch.utils.data.DataLoader[torch.Tensor]
transform: Callable[[Image.Image], torch.Tensor]
paths: list[str]
labels: list[str]
names: NDArray[np.str_]
splits: list[str]
"""


@pytest.mark.services
def test_the_examples_pass_mypys_strict_mode_as_in_a_project_of_ones_own(tmp_path: Path) -> None:
    whole, *short = examples(PAGE)
    scripts = first_example(ROOT / "README.md"), whole, *(GIVEN + example for example in short)
    for number, script in enumerate(scripts):
        (tmp_path / f"example_{number}.py").write_text(script, "utf-8")
    installed = "[mypy-clarify_errors.*]\nfollow_imports = silent\n"  # as for an installed package
    settings = f"[mypy]\nstrict = true\nmypy_path = {ROOT / 'modeling'}\n{installed}"
    (tmp_path / "mypy.ini").write_text(settings, "utf-8")
    run = subprocess.run([sys.executable, "-m", "mypy", "."], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def first_example(page: Path) -> str:
    return examples(page)[0]


def examples(page: Path) -> list[str]:
    return [str(each) for each in re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.S)]
