"""The script of a release, which computes it again, and the worked example of the docs."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from annotations.exports import rebuild as scripts
from annotations.exports.rebuild.command import rebuild
from annotations.exports.rebuild.release_tables import Release
from annotations.exports.rebuild.report import Report
from annotations.exports.tables.summary import summarise
from annotations.models import Study
from annotations.tables.columns import DICTIONARY
from tests.worker.releases.released import build, opened, without_figures
from worker.releases import lowest_tables

pytestmark = pytest.mark.django_db(transaction=True)


# In each table that is computed again, a column to alter.
ALTERED = {
    "assignments": "duration",
    "baselines": "worst_group_accuracy",
    "concept_map": "x",
    "concepts": "of_errors",
    "concepts_together": "held_out",
    "conditions": "difference",
    "correction_effects": "accuracy",
    "corrections": "own_gain",
    "estimates": "mean",
    "experts": "best_error_score",
    "flow": "people",
    "keyword_splits": "gain",
    "keywords": "p_value",
    "new_concepts": "concepts",
    "panels": "similarity",
    "participants": "sessions",
    "people_less_machine": "difference",
    "phrases": "null_level",
    "phrases_among_keywords": "clip_score",
    "runs": "worst_group_accuracy",
    "saturation": "mean",
    "spans": "duration",
    "splits": "before",
    "summary": "own_gain",
    "table_3": "error_score",
    "tasks_within_people": "first_people",
    "unnamed_errors": "n",
}


def unpacked(study: Study, folder: Path) -> Path:
    opened(build(study)).extractall(folder)
    return folder


def run(release: Path, empty: Path) -> subprocess.CompletedProcess[str]:
    empty.mkdir()
    command = [sys.executable, str(release / "rebuild.py"), "--output", str(empty / "rebuilt")]
    return subprocess.run(command, cwd=empty, capture_output=True, text=True)


def test_a_release_is_computed_again_from_its_lowest_tables_in_an_empty_folder(
    explained: Study, tmp_path: Path
) -> None:
    release = unpacked(explained, tmp_path / "release")
    done = run(release, tmp_path / "empty")
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout.splitlines()
    assert said[-1] == "Everything computed again agrees."
    left = {line.removeprefix("not computed again: ").partition(" (")[0] for line in said if line.startswith("not ")}
    assert {re.sub(r"\d+", "N", each) for each in left} == {
        "panels: the pictures",
        "phrases: said_by_others, writing_flags of N phrases",  # one of their task is hidden
    }
    rows = {
        (row.task, row.participant): row
        for row in pd.read_csv(tmp_path / "empty/rebuilt/rebuilt_summary.csv").itertuples()
    }
    for task in summarise(explained).tasks:
        for person in task.participants:
            expected = float("nan") if person.own_gain is None else person.own_gain
            assert rows[task.task, person.participant].own_gain == pytest.approx(expected, nan_ok=True)
    assert [row.active_time for row in rows.values() if row.active_time == row.active_time] == [13.0]
    drawn = {path.stem.removeprefix("rebuilt_") for path in (tmp_path / "empty/rebuilt").glob("*.png")}
    assert drawn == {path.stem for path in (release / "figures").glob("*.json")} > {"own-gain", "splits", "table-3"}


@without_figures
def test_every_column_that_the_dictionary_calls_no_input_is_compared(explained: Study, tmp_path: Path) -> None:
    release = unpacked(explained, tmp_path / "release")
    report = rebuild(Release(release), tmp_path)
    assert report.differences == []
    described = pd.read_csv(release / "data_dictionary.csv", dtype=str, keep_default_na=False)
    described = described[described.file.str.endswith(".csv")]
    computed = described[described.is_input == "false"]
    named = zip(computed.file.str.removesuffix(".csv"), computed.column, strict=True)
    assert [(name, column) for name, column in named if column not in report.columns[name]] == []
    assert set(computed.file) == {*described.file} - {
        "sessions.csv",
        "end_answers.csv",
        "exclusions.csv",
        "gathered_data.csv",
        "slice_checks.csv",
        DICTIONARY.file,
    }


@without_figures
def test_a_value_that_is_altered_in_any_table_is_found(explained: Study, tmp_path: Path) -> None:
    release = unpacked(explained, tmp_path / "release")
    for name, column in ALTERED.items():
        path = release / f"{name}.csv"
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        place = next(i for i, cell in enumerate(table[column]) if cell)
        table.loc[place, column] = repr(float(table.loc[place, column]) + 1e-6)
        table.to_csv(path, index=False)
    found = rebuild(Release(release), tmp_path).differences
    told = [re.fullmatch(r"(\w+), .*, (\w+): \S+ here, \S+ in the release", each) for each in found]
    assert sorted(each.groups() for each in told if each) == sorted(ALTERED.items()) and all(told), found


@without_figures
def test_an_image_that_is_altered_in_the_lowest_tables_is_found(explained: Study, tmp_path: Path) -> None:
    release = unpacked(explained, tmp_path / "release")
    path = release / "lowest/task-1/validation.parquet"
    table = pq.read_table(path)
    is_error = table.column("is_error").to_pylist()
    is_error[0] = not is_error[0]
    pq.write_table(table.set_column(table.schema.get_field_index("is_error"), "is_error", pa.array(is_error)), path)
    found = rebuild(Release(release), tmp_path).differences
    assert {each.partition(",")[0] for each in found} >= {"phrases", "summary", "concepts"}


@without_figures
def test_a_table_that_the_script_does_not_know_is_a_difference(explained: Study, tmp_path: Path) -> None:
    release = unpacked(explained, tmp_path / "release")
    (release / "novel.csv").write_text("task,number\n1,2\n", "utf-8")
    assert rebuild(Release(release), tmp_path).differences == ["novel: nothing computes number"]


@without_figures
def test_what_there_is_no_room_for_is_said_in_the_readme_and_by_the_script(
    explained: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lowest_tables, "MAX_ANNOTATIONS", 2)
    monkeypatch.setattr(lowest_tables, "MAX_TASKS", 1)
    release = unpacked(explained, tmp_path / "release")
    readme = (release / "README.txt").read_text("utf-8")
    assert "task 1: similarities of 2 of 9 distinct annotations." in readme
    assert "tasks after the first 1: no arrays." in readme
    report = rebuild(Release(release), tmp_path)
    assert report.differences == []
    named = {what for what, _ in report.missing}
    assert named >= {"concepts, concepts_together, concept_map: some tasks", "splits: of 2 tasks"}
    assert any(re.fullmatch(r"phrases: \d+ error scores", what) for what in named)
    assert any(what.startswith("summary: vocabulary_level, ") for what in named)


@without_figures
def test_words_that_are_hidden_are_in_no_lowest_table(explained: Study, tmp_path: Path) -> None:
    release = unpacked(explained, tmp_path / "release")
    said = pq.read_table(release / "lowest/said.parquet").to_pylist()
    hidden = [row for row in said if row["text"] == "(hidden)"]
    assert len(hidden) == 1 and hidden[0]["normalised"] == "(hidden)"
    assert hidden[0]["words"] == max(row["words"] for row in said if row["task"] == 1)


def test_the_script_imports_nothing_of_the_project() -> None:
    folder = Path(scripts.__file__).parent
    known = {"numpy", "pandas", "pyarrow", "scipy", "sklearn", "vl_convert", *sys.stdlib_module_names}
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                assert {each.name.partition(".")[0] for each in node.names} <= known, path
            if isinstance(node, ast.ImportFrom):
                assert node.level == 1 or (node.module or "").partition(".")[0] in known, path


def test_cells_agree_by_value_and_differ_by_more_than_rounding() -> None:
    theirs = pd.DataFrame({"row": [1, 2, 3], "json": ["[0.5, null]", "[]", ""], "value": [0.1 + 0.2, 1.0, None]})
    mine = pd.DataFrame({"row": [1, 2, 3], "json": [[0.5, None], [], None], "value": [0.3, 1.0 + 2e-9, 0.0]})
    report = Report()
    report.compare("t", ["row"], mine, theirs, ["json", "value"])
    assert [each.partition(":")[0] for each in report.differences] == ["t, row 2, value", "t, row 3, value"]


@without_figures
def test_the_worked_example_of_the_docs_runs_on_a_release(worked: Study, tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "analysis.md").read_text("utf-8")
    code = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    opened(build(worked)).extractall(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    drawn = set(re.findall(r"\.save\(\"([^\"]+)\"", code))
    assert len(drawn) == 3 and all((tmp_path / name).read_bytes().startswith(b"\x89PNG") for name in drawn)
    assert {f"images/{name}" for name in drawn} == set(re.findall(r"\]\(([^)]+png)\)", page))
    headline = summarise(worked).tasks[0].worst_group_accuracy
    assert headline.mean is not None and f"{headline.mean:.3f}" in done.stdout


def test_the_notebook_of_the_docs_runs_on_a_release(worked: Study, tmp_path: Path) -> None:
    notebook = json.loads(
        (Path(__file__).parents[3] / "docs" / "notebooks" / "analyse-a-study.ipynb").read_text("utf-8")
    )
    code = "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")
    opened(build(worked)).extractall(tmp_path / "release")
    code += "\nprint(gain.mean().round(6).to_dict())"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    mean = summarise(worked).tasks[0].own_gain.mean
    assert mean is not None and f": {round(mean, 6)}}}" in done.stdout
