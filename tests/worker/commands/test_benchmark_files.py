"""The tables and files of `manage.py benchmark`."""

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from annotations.models import BaseModel
from clarify_errors.arrays.retraining.group_accuracies import GroupMetrics
from tests.worker.commands.conftest import Command
from worker.benchmarks.methods import METHODS, find_methods
from worker.benchmarks.outcomes import Figure, Missing, Outcome, Over, Row
from worker.benchmarks.paired_bootstrap import GroupedLabels
from worker.benchmarks.stored_benchmarks import StoredBenchmark
from worker.research.benchmarks.joined_tables import PAPER_TABLES, join
from worker.research.benchmarks.report_files import notes
from worker.research.benchmarks.report_tables import full_table

TABLE_1, TABLE_4, TABLE_6 = (PAPER_TABLES[number] for number in "146")


def outcome(name: str, worst_group: float) -> Outcome:
    metrics = GroupMetrics(
        accuracies=(worst_group, 1.0),
        counts=(10, 10),
        worst_group=worst_group,
        average=0.9,
        average_plain=0.8,
        gap=0.9 - worst_group,
    )
    return Outcome(name, metrics, np.zeros(20, np.int32), {})


def row(method: str, name: str, worst_groups: Sequence[float], over: Over = Over.SEEDS) -> Row:
    return Row(method, name, over, tuple(outcome(f"seed {i}", value) for i, value in enumerate(worst_groups)))


def lines_of(markdown: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in markdown.splitlines()]


def test_the_full_table_has_every_method_once() -> None:
    lines = full_table([row(method.key, method.name, [0.5]) for method in METHODS]).lines
    assert sorted(line[:2] for line in lines) == sorted((method.given.value, method.name) for method in METHODS)


@pytest.mark.parametrize("number", list(PAPER_TABLES))
def test_a_table_of_the_paper_names_methods_that_exist_each_once(number: str) -> None:
    methods = PAPER_TABLES[number].methods
    assert len(find_methods(methods)) == len(methods)


def test_the_layouts_have_the_papers_sections_and_columns() -> None:
    assert list(TABLE_1.sections) == [
        "Zero-Shot", "Labels", "Labels, Text Feedback", "Labels, Group Labels",
    ]  # fmt: skip
    assert list(TABLE_4.sections) == [
        "{encoder}: Zero-Shot", "LP, Labels", "LP, Labels+Interaction", "LP, Labels+Groups", "Adapter, Labels",
    ]  # fmt: skip
    assert TABLE_1.columns == (Figure.WORST_GROUP, Figure.AVERAGE, Figure.GAP)
    assert TABLE_6.columns == (Figure.AVERAGE, Figure.WORST_GROUP, Figure.GAP)
    assert {"roboshot", "class_prompt", "group_prompt", "slice_balanced"} <= set(TABLE_6.methods)
    assert {"erm_adapter", "wise_ft", "contrastive_adapter"} <= set(TABLE_4.methods)


def test_a_row_shows_mean_and_spread_in_percent_and_a_section_once() -> None:
    rows = [row("dfr", "DFR", [0.5, 0.7]), row("erm", "ERM", [0.25]), row("erm", "ERM again", [])]
    heading, _, *lines = lines_of(full_table(rows).markdown())
    assert lines[0][:3] == ["Labels", "ERM", "25.0"]
    assert lines[1][:3] == ["", "ERM again", "-"]
    assert lines[2][:5] == ["Labels, Group Labels", "DFR", "60.0 ± 14.1", "-", "90.0 ± 0.0"]
    assert [line[-1] for line in lines] == ["seeds (1)", "-", "seeds (2)"]
    assert len(heading) == len(lines[0])


def test_the_papers_layouts_show_the_means_alone_and_name_the_encoder() -> None:
    rows = (row("class_prompt", "Class Prompt", [0.366], Over.ONE), row("erm_adapter", "ERM Adapter", [0.5, 0.7]))
    none = np.zeros(0, np.int64)
    images = GroupedLabels(none, none, none)
    alike = [{figure: np.arange(9.0) for figure in Figure}] * 2
    lines = join(TABLE_4, [StoredBenchmark(images, "birds", "CLIP ViT-L/14", rows, tuple(alike))]).lines
    assert lines[0] == ("CLIP ViT-L/14: Zero-Shot", "Class Prompt", "36.6", "90.0", "53.4")
    assert lines[1] == ("Adapter, Labels", "ERM Adapter", "60.0", "90.0", "30.0")


def test_what_is_missing_is_said() -> None:
    rows = [
        Row("dfr", "DFR", Over.SEEDS, left_out="it lacks a class"),
        Row("worst_slice", "Clarify", Over.PARTICIPANTS, missing=(Missing("P1", "no threshold"),)),
        Row("worst_slice", "Clarify", Over.PARTICIPANTS, missing=(Missing("P2", "no threshold", "oval", "blue"),)),
        Row("worst_slice", "Clarify set", Over.DRAWS, missing=(Missing("", "no threshold", "oval", "blue"),)),
    ]
    assert list(notes(rows)) == [
        "DFR: left out, it lacks a class.",
        "Clarify: without P1, no threshold.",
        "Clarify: P2 without “blue” on oval, no threshold.",
        "Clarify set: without “blue” on oval, no threshold.",
    ]


def test_what_a_person_typed_is_escaped_in_the_page(base_model: BaseModel, command: Command, tmp_path: Path) -> None:
    command(
        "benchmark", "sprites-like", "--base-model=by colour", "--annotation=square:red | *bold* <b>",
        "--methods=slice_balanced", "--seeds=1", "--output", tmp_path,
    )  # fmt: skip
    page = (tmp_path / "benchmark.md").read_text()
    assert r"red \| \*bold\* \<b\>" in page
    assert "| red |" not in page


def test_what_a_person_typed_is_escaped_in_the_notes_too(
    base_model: BaseModel, command: Command, tmp_path: Path
) -> None:
    command(
        "benchmark", "sprites-like", "--base-model=by colour", "--annotation=square:blue *b*",
        "--methods=slice_balanced", "--seeds=1", "--output", tmp_path,
    )  # fmt: skip
    assert r"left out, “blue \*b\*”: its error score is 0" in (tmp_path / "benchmark.md").read_text()


def test_the_recorded_command_makes_the_same_again(base_model: BaseModel, command: Command, tmp_path: Path) -> None:
    command(
        "benchmark", "sprites-like@1", "--base-model=by colour", "--annotation=square:it's \"red\":0.3",
        "--annotation=oval:blue", "--methods=class_prompt,slice_balanced", "--seeds=2", "--l2=0.5", "--scheme=paper",
        "--published=waterbirds", "--output", tmp_path,
    )  # fmt: skip
    recorded = json.loads((tmp_path / "benchmark.json").read_text())["command"]
    program, *arguments = shlex.split(recorded)
    assert program == "manage.py"
    command(*arguments, "--output", tmp_path / "again")
    for file in (tmp_path / "again").iterdir():
        assert file.read_bytes() == (tmp_path / file.name).read_bytes()
