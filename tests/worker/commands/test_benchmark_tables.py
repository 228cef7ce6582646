"""`manage.py benchmark_tables`: several benchmarks joined into the paper's tables."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError

from annotations.models import BaseModel
from tests.worker.commands.conftest import HEAVY, Command

METHODS = "class_prompt,erm,slice_balanced,worst_slice"


@pytest.fixture
def benchmarks(base_model: BaseModel, command: Command, tmp_path: Path) -> list[Path]:
    """A benchmark, and the same again as if it were of another data set with another encoder."""
    first, second = tmp_path / "a", tmp_path / "b"
    command(
        "benchmark", "sprites-like", "--base-model=by colour", *HEAVY, "--annotation=square:red", "--seeds=2",
        f"--methods={METHODS}", "--output", first,
    )  # fmt: skip
    second.mkdir()
    (second / "predictions.npz").write_bytes((first / "predictions.npz").read_bytes())
    record = json.loads((first / "benchmark.json").read_text())
    record["dataset"]["name"], record["encoder"] = "birds", "another"
    (second / "benchmark.json").write_text(json.dumps(record))
    return [first / "benchmark.json", second / "benchmark.json"]


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_data_sets_stand_beside_each_other_and_encoders_below(
    benchmarks: list[Path], command: Command, tmp_path: Path
) -> None:
    printed = command("benchmark_tables", *benchmarks, "--output", tmp_path / "out")
    heading = next(line for line in printed.splitlines() if line.startswith("| Data Assumptions"))
    names = [cell.strip() for cell in heading.split("|")]
    assert names[3:7] == ["sprites-like WG", "sprites-like Avg", "sprites-like Gap", "birds WG"]
    rows = table(tmp_path / "out", "table4")
    sections = list(dict.fromkeys(row["Assumptions"] for row in rows))
    assert sections[0].endswith(": Zero-Shot") and sections[3] == "another: Zero-Shot"
    assert [row["Method"] for row in rows[:4]] == [row["Method"] for row in rows[4:]]
    assert rows[0]["birds WG"] == rows[4]["sprites-like WG"] == "-"
    assert rows[0]["sprites-like WG"] == rows[4]["birds WG"]


def test_the_figures_are_those_of_the_benchmark(benchmarks: list[Path], command: Command, tmp_path: Path) -> None:
    command("benchmark_tables", benchmarks[0], "--output", tmp_path / "out")
    record = json.loads(benchmarks[0].read_text())
    means = {row["name"]: row["spread"]["worst_group"]["mean"] for row in record["rows"]}
    rows = table(tmp_path / "out", "table1")
    assert len(rows) == 4
    for row in rows:
        assert row["sprites-like WG"] == f"{100 * means[row['Method']]:.1f}"


def test_the_best_is_bold_only_where_the_paired_test_says_so(
    benchmarks: list[Path], command: Command, tmp_path: Path
) -> None:
    command("benchmark_tables", benchmarks[0], "--output", tmp_path / "out")
    rows = table(tmp_path / "out", "table1")
    best = [row["Method"] for row in rows if "sprites-like WG" in row["best in"].split(", ")]
    assert best == ["Class Prompt", "Clarify (slice-balanced) #1", "Clarify (worst-slice) #1"]  # all predict the same
    latex = (tmp_path / "out" / "table1.tex").read_text()
    markdown = (tmp_path / "out" / "table1.md").read_text()
    n_best = sum(len(row["best in"].split(", ")) for row in rows if row["best in"])
    assert latex.count(r"\textbf{") == n_best == 9 == markdown.count("**") // 2
    assert r"\begin{tabular}{llrrr}" in latex and r"Labels, Text Feedback & Clarify (slice-balanced) \#1" in latex


def test_the_same_data_set_and_encoder_twice_is_refused(
    benchmarks: list[Path], command: Command, tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match="same data set with the same encoder"):
        command("benchmark_tables", benchmarks[0], benchmarks[0], "--output", tmp_path / "out")


def test_predictions_that_are_damaged_or_missing_are_named(
    benchmarks: list[Path], command: Command, tmp_path: Path
) -> None:
    file = benchmarks[0].with_name("predictions.npz")
    arrays = dict(np.load(file))
    digest = next(name for name in arrays if len(name) == 64)
    np.savez_compressed(file, allow_pickle=False, **{**arrays, digest: arrays[digest] ^ 1})
    with pytest.raises(CommandError, match="is damaged"):
        command("benchmark_tables", benchmarks[0], "--output", tmp_path / "out")
    file.write_bytes(b"no archive")
    with pytest.raises(CommandError, match=r"is not the predictions\.npz of a benchmark"):
        command("benchmark_tables", benchmarks[0], "--output", tmp_path / "out")


def test_a_file_that_is_no_record_is_named(command: Command, tmp_path: Path) -> None:
    (tmp_path / "benchmark.json").write_text("[]")
    with pytest.raises(CommandError, match="is not the record of a benchmark"):
        command("benchmark_tables", tmp_path / "benchmark.json", "--output", tmp_path / "out")
