"""What a release has of concepts and of pooled corrections: tables, figures, and the script that draws them again."""

import csv
import io
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from annotations.models import BaseModel, Correction, Moderation, Review
from annotations.services.releases import moderation, release_requests
from annotations.services.retraining import corrections
from tests.actors import OVAL, SQUARE
from tests.correcting import approve, say, study_of_both
from worker.releases import release_building
from worker.releases.release_building import build_due_releases
from worker.retraining.corrections import train_due_corrections
from worker.retraining.run_training import train_due_runs

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = ("concepts", "concepts_together", "concept_map", "corrections", "correction_annotations", "correction_effects")


@pytest.fixture
def corrected(base_model: BaseModel) -> Iterator[Correction]:
    """Of two people's words for both classes, some with signs that the font lacks; it was approved."""
    study = study_of_both(base_model)
    approve(*say(study, "alice"))
    say(study, "bob", {SQUARE: ["red", "red 🟥🟥"], OVAL: ["blue"]})
    train_due_runs()
    correction = corrections.request(study, base_model, by="coordinator")
    train_due_corrections()
    corrections.review(correction, Review.APPROVED, by="coordinator", reason="it helps")
    yield correction
    shutil.rmtree(Path(settings.DATA_ROOT) / release_requests.FOLDER, ignore_errors=True)


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Releases have no figures: to draw them takes seconds."""
    monkeypatch.setattr(release_building, "draw_files", lambda pictures, directory: None)


def released(correction: Correction) -> zipfile.ZipFile:
    release_requests.request(correction.study, by="ada")
    build_due_releases()
    release = correction.study.releases.latest("number")
    return zipfile.ZipFile(Path(settings.DATA_ROOT) / release.file)


def table(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read(f"{name}.csv").decode(), newline="")))


def test_concepts_and_corrections_are_tables_and_figures_of_a_release(corrected: Correction, tmp_path: Path) -> None:
    archive = released(corrected)
    names = set(archive.namelist())
    assert names >= {f"{name}.{kind}" for name in TABLES for kind in ("csv", "parquet")}
    figures = ("concept-map", "concepts-together", f"correction-{corrected.pk}-splits")
    assert names >= {f"figures/{name}.{kind}" for name in figures for kind in ("json", "svg", "png")}
    described = {(row["file"], row["column"]) for row in table(archive, "data_dictionary")}
    for name in TABLES:
        rows = table(archive, name)
        assert rows and {(f"{name}.csv", column) for column in rows[0]} <= described

    (of_correction,) = table(archive, "corrections")
    assert (of_correction["correction"], of_correction["review"]) == (str(corrected.pk), "approved")
    assert {(row["class"], row["text"]) for row in table(archive, "correction_annotations")} == {
        ("square", "red"),
        ("oval", "blue"),
    }
    effects = {
        (row["set"], row["model"], row["name"]): float(row["accuracy"])
        for row in table(archive, "correction_effects")
        if row["what"] == "overall"
    }
    corrected.refresh_from_db()
    test = next(each for each in corrected.effects["sets"] if each["name"] == "test")
    assert effects["test", "before", "worst_group"] == test["before"]["worst_group"]
    assert effects["test", "after", "worst_group"] == test["after"]["worst_group"]


def test_the_same_state_gives_the_same_figures(corrected: Correction) -> None:
    first, second = released(corrected), released(corrected)
    assert first.namelist() == second.namelist()
    assert all(first.read(name) == second.read(name) for name in first.namelist())


def test_the_script_draws_each_figure_of_values_again_to_the_byte(corrected: Correction, tmp_path: Path) -> None:
    archive = released(corrected)
    archive.extractall(tmp_path)
    command = [sys.executable, str(tmp_path / "rebuild.py"), "--output", str(tmp_path / "rebuilt")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    keys = {path.stem for path in (tmp_path / "figures").glob("*.png")} - {"panels"}
    assert keys >= {"error-scores", "worst-group", "splits", f"correction-{corrected.pk}-splits"}
    for key in keys:
        drawn = (tmp_path / "rebuilt" / f"rebuilt_{key}.png").read_bytes()
        assert drawn == (tmp_path / "figures" / f"{key}.png").read_bytes(), key


def test_words_that_were_hidden_later_are_in_no_table_of_corrections(corrected: Correction, undrawn: None) -> None:
    phrase = corrected.parts.order_by("target_class")[0].score.phrase
    moderation.moderate(phrase, Moderation.HIDDEN, by="coordinator", reason="a name")
    texts = [row["text"] for row in table(released(corrected), "correction_annotations")]
    assert sorted(texts) == ["(hidden)", "blue"]
