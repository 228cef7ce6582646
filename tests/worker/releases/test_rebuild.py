"""The script of a release, and the worked example of the docs, from the CSV files alone."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest

from annotations.exports.tables.summary import summarise
from annotations.models import (
    Study,
)
from tests.worker.releases.released import build, opened, without_figures

pytestmark = pytest.mark.django_db(transaction=True)


@without_figures
def test_the_script_rebuilds_the_headline_from_the_csv_files_alone(worked: Study, tmp_path: Path) -> None:
    folder, output = tmp_path / "release", tmp_path / "rebuilt"
    opened(build(worked)).extractall(folder)
    for path in folder.rglob("*"):
        if path.is_file() and (path.suffix != ".csv" or path.parent != folder) and path.suffix != ".py":
            path.unlink()
    command = [sys.executable, str(folder / "rebuild.py"), "--output", str(output)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All 3 rows agree with summary.csv." in done.stdout
    rebuilt = {row["participant"]: row for row in csv.DictReader((output / "rebuilt_summary.csv").open())}
    for row in summarise(worked).tasks[0].participants:
        again = rebuilt[row.participant]
        for name, value in (
            ("phrases", row.n_phrases),
            ("best_error_score", row.best_error_score),
            ("worst_group_accuracy", row.worst_group_accuracy),
            ("active_time", row.times.active),
        ):
            assert again[name] == "" if value is None else float(again[name]) == pytest.approx(value, abs=1e-9)
    assert sorted(float(row["active_time"]) for row in rebuilt.values() if row["active_time"]) == [13.0]
    total = next(
        row
        for row in csv.DictReader((output / "rebuilt_totals.csv").open())
        if row["measure"] == "worst_group_accuracy"
    )
    assert float(total["mean"]) == pytest.approx(summarise(worked).tasks[0].worst_group_accuracy.mean, abs=1e-12)


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


@without_figures
def test_the_script_says_where_the_csv_files_do_not_agree(worked: Study, tmp_path: Path) -> None:
    opened(build(worked)).extractall(tmp_path / "release")
    runs = tmp_path / "release" / "runs.csv"
    runs.write_text(runs.read_text("utf-8").replace(",0.75,", ",0.7,"), "utf-8")
    command = [sys.executable, str(tmp_path / "release" / "rebuild.py"), "--output", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "worst_group_accuracy: 0.7 here, 0.75 in summary.csv" in done.stdout
