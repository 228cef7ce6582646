"""The script of a release, which computes it again, and the worked example of the docs."""

import ast
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from annotations.analysis.observations.person_tasks import PersonTask
from annotations.analysis.statistics.estimate_types import spread
from annotations.base.tables.data_dictionary import DICTIONARY
from annotations.models import Study
from annotations.releases.rebuild.command import rebuild
from annotations.releases.rebuild.release_tables import Release, Report
from annotations.results.stored_rows import read_people
from tests.support.own_database import Committed
from tests.worker.releases.conftest import draw_nothing, explained_study, store_worked
from tests.worker.releases.released import build, opened
from worker.releases import lowest_tables

pytestmark = pytest.mark.services  # releases of whole studies, each computed again by a process of its own

DOCS = Path(__file__).parents[3] / "docs"

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
    "keywords": "clip_rank",
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


@dataclass(frozen=True)
class Unpacked:
    """A release that is there for all tests of the module: each changes a copy."""

    folder: Path
    people: list[PersonTask]


@dataclass(frozen=True)
class Explained(Unpacked):
    """Beside it a release of the same study with room for little of what is lowest."""

    with_little_room: Path


@pytest.fixture(scope="module")
def of_explained(committed: Committed, tmp_path_factory: pytest.TempPathFactory) -> Explained:
    with committed():
        with pytest.MonkeyPatch.context() as patched:
            study = explained_study(patched)
        folder = unpacked(study, tmp_path_factory.mktemp("explained"))
        with pytest.MonkeyPatch.context() as patched:
            draw_nothing(patched)
            patched.setattr(lowest_tables, "MAX_ANNOTATIONS", 2)
            patched.setattr(lowest_tables, "MAX_TASKS", 1)
            return Explained(folder, list(read_people(study)), unpacked(study, tmp_path_factory.mktemp("little-room")))


@pytest.fixture(scope="module")
def of_worked(committed: Committed, sprites_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Unpacked:
    with committed(), pytest.MonkeyPatch.context() as patched:
        draw_nothing(patched)
        study = store_worked(sprites_directory)
        return Unpacked(unpacked(study, tmp_path_factory.mktemp("worked")), list(read_people(study)))


def without_figures(release: Unpacked, folder: Path) -> Path:
    """A copy of a release without its figures, which the script would draw again."""
    return Path(shutil.copytree(release.folder, folder / "release", ignore=shutil.ignore_patterns("figures")))


@pytest.fixture
def undrawn(of_explained: Unpacked, tmp_path: Path) -> Path:
    return without_figures(of_explained, tmp_path)


@pytest.fixture(scope="module")
def beside_a_novel_table(of_explained: Unpacked, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    """A copy with a table that the script does not know, and what it says of all of them."""
    release = without_figures(of_explained, tmp_path_factory.mktemp("novel"))
    (release / "novel.csv").write_text("task,number\n1,2\n", "utf-8")
    return release, rebuild(Release(release), tmp_path_factory.mktemp("rebuilt"))


@dataclass(frozen=True)
class Rebuilt:
    """What the script said of the release, and the folder into which it wrote."""

    done: "subprocess.CompletedProcess[str]"
    folder: Path


@pytest.fixture(scope="module")
def rebuilt(of_explained: Unpacked, tmp_path_factory: pytest.TempPathFactory) -> Rebuilt:
    """The script, run in an empty folder."""
    empty = tmp_path_factory.mktemp("empty")
    command = [sys.executable, str(of_explained.folder / "rebuild.py"), "--output", str(empty / "rebuilt")]
    return Rebuilt(subprocess.run(command, cwd=empty, capture_output=True, text=True), empty / "rebuilt")


def test_a_release_is_computed_again_from_its_lowest_tables_in_an_empty_folder(
    of_explained: Unpacked, rebuilt: Rebuilt
) -> None:
    done = rebuilt.done
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout.splitlines()
    assert said[-1] == "Everything computed again agrees."
    left = {line.removeprefix("not computed again: ").partition(" (")[0] for line in said if line.startswith("not ")}
    assert {re.sub(r"\d+", "N", each) for each in left} == {
        "panels: the pictures",
        "phrases: said_by_others, writing_flags of N phrases",  # one of their task is hidden
    }
    rows = {
        (row.task, row.participant): row for row in pd.read_csv(rebuilt.folder / "rebuilt_summary.csv").itertuples()
    }
    for person in of_explained.people:
        expected = float("nan") if person.own_gain is None else person.own_gain
        assert rows[person.task, person.participant].own_gain == pytest.approx(expected, nan_ok=True)
    assert [row.active_time for row in rows.values() if row.active_time == row.active_time] == [13.0]
    drawn = {path.stem.removeprefix("rebuilt_") for path in rebuilt.folder.glob("*.png")}
    assert drawn == {path.stem for path in (of_explained.folder / "figures").glob("*.json")}
    assert drawn > {"own-gain", "splits"}


def test_the_script_draws_each_figure_of_values_again_to_the_byte(of_explained: Unpacked, rebuilt: Rebuilt) -> None:
    """Some of their words have signs that the font lacks."""
    assert rebuilt.done.returncode == 0, rebuilt.done.stdout + rebuilt.done.stderr
    figures = of_explained.folder / "figures"
    keys = {path.stem for path in figures.glob("*.png")} - {"panels"}
    assert {re.sub(r"\d+", "N", key) for key in keys} >= {
        *("error-scores", "worst-group", "splits", "concept-map", "concepts-together", "correction-N-splits"),
    }
    for key in keys:
        again = (rebuilt.folder / f"rebuilt_{key}.png").read_bytes()
        assert again == (figures / f"{key}.png").read_bytes(), key


def test_every_column_that_the_dictionary_calls_no_input_is_compared(
    beside_a_novel_table: tuple[Path, Report],
) -> None:
    release, report = beside_a_novel_table
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


def test_a_value_that_is_altered_in_any_table_is_found(undrawn: Path, tmp_path: Path) -> None:
    for name, column in ALTERED.items():
        path = undrawn / f"{name}.csv"
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        place = next(i for i, cell in enumerate(table[column]) if cell)
        table.loc[place, column] = repr(float(table.loc[place, column]) + 1e-6)
        table.to_csv(path, index=False)
    found = rebuild(Release(undrawn), tmp_path).differences
    told = [re.fullmatch(r"(\w+), .*, (\w+): \S+ here, \S+ in the release", each) for each in found]
    assert sorted(each.groups() for each in told if each) == sorted(ALTERED.items()) and all(told), found


def test_an_image_that_is_altered_in_the_lowest_tables_is_found(undrawn: Path, tmp_path: Path) -> None:
    path = undrawn / "lowest/task-1/validation.parquet"
    table = pq.read_table(path)
    is_error = table.column("is_error").to_pylist()
    is_error[0] = not is_error[0]
    pq.write_table(table.set_column(table.schema.get_field_index("is_error"), "is_error", pa.array(is_error)), path)
    found = rebuild(Release(undrawn), tmp_path).differences
    assert {each.partition(",")[0] for each in found} >= {"phrases", "summary", "concepts"}


def test_a_table_that_the_script_does_not_know_is_the_one_difference(beside_a_novel_table: tuple[Path, Report]) -> None:
    _, report = beside_a_novel_table
    assert report.differences == ["novel: nothing computes number"]


def test_what_there_is_no_room_for_is_said_in_the_readme_and_by_the_script(
    of_explained: Explained, tmp_path: Path
) -> None:
    release = of_explained.with_little_room
    readme = (release / "README.txt").read_text("utf-8")
    assert "task 1: similarities of 2 of 9 distinct annotations." in readme
    assert "tasks after the first 1: no arrays." in readme
    report = rebuild(Release(release), tmp_path)
    assert report.differences == []
    named = {what for what, _ in report.missing}
    assert named >= {"concepts: tasks 1, 2", "splits: tasks 1, 2", "figures"}
    assert any(re.fullmatch(r"phrases: \d+ error scores", what) for what in named)
    assert any(what.startswith("summary: tasks 1, 2, better_than_guessing, ") for what in named)


def test_words_that_are_hidden_are_in_no_lowest_table(of_explained: Unpacked) -> None:
    said = pq.read_table(of_explained.folder / "lowest/said.parquet").to_pylist()
    hidden = [row for row in said if row["text"] == "(hidden)"]
    assert len(hidden) == 1 and hidden[0]["normalised"] == "(hidden)"
    others = [row["words"] for row in said if row["task"] == 1 and row["text"] != "(hidden)"]
    assert hidden[0]["words"] not in others


def test_the_script_runs_nothing_but_what_the_release_brings(of_explained: Explained) -> None:
    """Each module of the project that a shipped module imports is shipped too, and what else it imports is named."""
    release = of_explained.folder
    known = {"altair", "numpy", "pandas", "pyarrow", "scipy", "vl_convert", *sys.stdlib_module_names}
    called = ("annotations/releases/rebuild/command.py", "worker/results/figures/specifications.py")
    waiting, seen = [release / name for name in called], set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                if name.partition(".")[0] in known:
                    continue
                module = release / f"{name.replace('.', '/')}.py"
                assert module.exists(), f"{path.relative_to(release)} imports {name}"
                waiting += [module] if module not in seen else []
    assert {path.relative_to(release).parts[0] for path in seen} == {"annotations", "clarify_errors", "worker"}


def test_cells_agree_by_value_and_differ_by_more_than_rounding() -> None:
    theirs = pd.DataFrame({"row": [1, 2, 3], "json": ["[0.5, null]", "[]", ""], "value": [0.1 + 0.2, 1.0, None]})
    mine = pd.DataFrame({"row": [1, 2, 3], "json": [[0.5, None], [], None], "value": [0.3, 1.0 + 2e-9, 0.0]})
    report = Report()
    report.compare("t", ["row"], mine, theirs, ["json", "value"])
    assert [each.partition(":")[0] for each in report.differences] == ["t, row 2, value", "t, row 3, value"]


def run_here(code: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """Run code of the docs in a folder; return what it printed."""
    monkeypatch.chdir(folder)
    exec(compile(code, "docs", "exec"), {})
    return capsys.readouterr().out


def test_the_worked_example_of_the_docs_runs_on_a_release(
    of_worked: Unpacked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (DOCS / "analysts" / "analysis.md").read_text("utf-8")
    code = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    shutil.copytree(of_worked.folder, tmp_path, dirs_exist_ok=True)
    printed = run_here(code, tmp_path, monkeypatch, capsys)
    drawn = set(re.findall(r"\.save\(\"([^\"]+)\"", code))
    assert len(drawn) == 3 and all((tmp_path / name).read_bytes().startswith(b"\x89PNG") for name in drawn)
    assert {f"../images/{name}" for name in drawn} == set(re.findall(r"\]\(([^)]+png)\)", page))
    headline = spread(row.worst_group_accuracy for row in of_worked.people if row.task == 1).mean
    assert headline is not None and f"{headline:.3f}" in printed


def test_the_notebook_of_the_docs_runs_on_a_release(
    of_worked: Unpacked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook = json.loads((DOCS / "notebooks" / "analyse-a-study.ipynb").read_text("utf-8"))
    code = "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")
    shutil.copytree(of_worked.folder, tmp_path / "release")
    printed = run_here(f"{code}\nprint(gain.mean().round(6).to_dict())", tmp_path, monkeypatch, capsys)
    mean = spread(row.own_gain for row in of_worked.people if row.task == 1).mean
    assert mean is not None and f": {round(mean, 6)}}}" in printed
