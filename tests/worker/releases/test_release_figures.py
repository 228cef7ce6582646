"""What a release has of concepts and of pooled corrections: tables and figures."""

import csv
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from annotations.corrections import correction_requests as corrections
from annotations.models import BaseModel, Correction, Moderation, Review
from annotations.releases import moderation, release_requests
from tests.support.actors import OVAL, SQUARE, store_base_model, store_dataset
from tests.support.correcting import approve, say, study_of_both
from tests.support.own_database import Committed
from tests.worker.releases.conftest import draw_nothing
from tests.worker.releases.released import opened
from worker.corrections import train_due_corrections
from worker.releases.release_building import build_due_releases
from worker.runs.run_training import train_due_runs

TABLES = ("concepts", "concepts_together", "concept_map", "corrections", "correction_annotations", "correction_effects")


def corrected_study(base_model: BaseModel) -> Correction:
    """Of two people's words for both classes, some with signs that the font lacks; it was approved."""
    study = study_of_both(base_model)
    approve(*say(study, "alice"))
    say(study, "bob", {SQUARE: ["red", "red 🟥🟥"], OVAL: ["blue"]})
    train_due_runs()
    correction = corrections.request(study, base_model, by="coordinator")
    train_due_corrections()
    corrections.review(correction, Review.APPROVED, by="coordinator", reason="it helps")
    correction.refresh_from_db()
    return correction


@dataclass(frozen=True)
class Released:
    """A correction, a release of its study, and another one after one of its phrases was hidden."""

    correction: Correction
    archive: zipfile.ZipFile
    once_hidden: zipfile.ZipFile


@pytest.fixture(scope="module")
def made(committed: Committed, sprites_directory: Path) -> Released:
    with committed(), pytest.MonkeyPatch.context() as patched:
        correction = corrected_study(store_base_model(store_dataset(sprites_directory)))
        archive = released(correction)
        phrase = correction.parts.order_by("target_class")[0].score.phrase
        moderation.moderate(phrase, Moderation.HIDDEN, by="coordinator", reason="a name")
        draw_nothing(patched)  # it takes seconds
        return Released(correction, archive, released(correction))


def released(correction: Correction) -> zipfile.ZipFile:
    release_requests.request(correction.study, by="ada")
    build_due_releases()
    return opened(correction.study.releases.latest("number"))


def table(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read(f"{name}.csv").decode(), newline="")))


def test_concepts_and_corrections_are_tables_and_figures_of_a_release(made: Released) -> None:
    archive, corrected = made.archive, made.correction
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
    test = next(each for each in corrected.effects["sets"] if each["name"] == "test")
    assert effects["test", "before", "worst_group"] == test["before"]["worst_group"]
    assert effects["test", "after", "worst_group"] == test["after"]["worst_group"]


def test_words_that_were_hidden_later_are_in_no_table_of_corrections(made: Released) -> None:
    texts = [row["text"] for row in table(made.once_hidden, "correction_annotations")]
    assert sorted(texts) == ["(hidden)", "blue"]
