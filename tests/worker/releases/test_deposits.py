"""What a release says of itself to other programs: Frictionless, citation managers, and who may use it."""

import csv
import io
import json
import zipfile
from pathlib import Path

import mlcroissant
import pytest
import yaml
from django.test import Client
from frictionless import Package

from annotations.models import Study
from annotations.releases import release_requests
from tests.support.own_database import Committed
from tests.worker.releases.conftest import draw_nothing, store_worked
from tests.worker.releases.released import build, opened, without_figures
from worker.releases.release_building import build_due_releases


@pytest.fixture(scope="module")
def archive(committed: Committed, sprites_directory: Path) -> zipfile.ZipFile:
    """A release of which nothing was said."""
    with committed(), pytest.MonkeyPatch.context() as patched:
        draw_nothing(patched)
        return opened(build(store_worked(sprites_directory)))


def test_frictionless_finds_every_table_as_its_schema_says(archive: zipfile.ZipFile, tmp_path: Path) -> None:
    archive.extractall(tmp_path)
    package = Package(str(tmp_path / "datapackage.json"))
    assert {resource.path for resource in package.resources} == set(archive.namelist()) - {
        "datapackage.json",
        "manifest.json",
    }
    assert len({resource.name for resource in package.resources}) == len(package.resources)
    package.resources = [resource for resource in package.resources if resource.format == "csv"]
    report = package.validate()
    assert report.valid, report.flatten(["name", "type", "note"])[:5]
    assert len(report.tasks) > 15
    phrases = package.get_resource("phrases").schema
    assert phrases.get_field("error_score").constraints == {"minimum": 0, "maximum": 1}
    assert phrases.get_field("submitted_at").type == "datetime"


def test_the_phrases_are_a_data_set_that_mlcroissant_reads(archive: zipfile.ZipFile, tmp_path: Path) -> None:
    archive.extractall(tmp_path)
    read = mlcroissant.Dataset(jsonld=tmp_path / "croissant.json")
    assert not read.metadata.ctx.issues.errors
    rows = list(read.records("phrases"))
    with (tmp_path / "phrases.csv").open(newline="", encoding="utf-8") as file:
        written = [row["text"] for row in csv.DictReader(file)]
    read_texts = [row["phrases/text"] for row in rows]
    assert len(read_texts) == len(written)
    # Its reader takes these words for a missing value (docs/engineers/python.md); the others come as they were typed.
    assert {text for text, of in zip(written, read_texts, strict=True) if of is None} <= {"", "NA", "null"}
    assert all(of is None or of.decode() == text for text, of in zip(written, read_texts, strict=True))
    assert "license" not in json.loads((tmp_path / "croissant.json").read_text("utf-8"))


def test_nothing_is_made_up_of_a_release_of_which_nothing_was_said(archive: zipfile.ZipFile) -> None:
    descriptor = json.loads(archive.read("datapackage.json"))
    assert not {"licenses", "contributors", "id"} & descriptor.keys()
    assert "CITATION.cff" not in archive.namelist()


@pytest.mark.django_db(transaction=True)
@without_figures
def test_licence_authors_and_doi_of_the_form_are_in_the_release(worked: Study, coordinator_client: Client) -> None:
    page = f"/admin/annotations/study/{worked.pk}/releases/"
    said = {"licence": "CC-BY-4.0", "doi": "10.5281/zenodo.1234", "authors": "Lovelace, Ada\r\nThe “Sprites”: group"}
    assert coordinator_client.post(page, said).status_code == 302
    build_due_releases()
    archive = opened(worked.releases.get())
    descriptor = json.loads(archive.read("datapackage.json"))
    assert descriptor["licenses"][0] | {"title": ""} == {
        "name": "CC-BY-4.0",
        "path": "https://spdx.org/licenses/CC-BY-4.0.html",
        "title": "",
    }
    assert descriptor["id"] == "https://doi.org/10.5281/zenodo.1234"
    cited = yaml.safe_load(io.BytesIO(archive.read("CITATION.cff")))
    assert cited["authors"] == [{"family-names": "Lovelace", "given-names": "Ada"}, {"name": "The “Sprites”: group"}]
    assert (cited["type"], cited["title"], cited["license"]) == ("dataset", worked.title, "CC-BY-4.0")
    assert cited["doi"] == "10.5281/zenodo.1234"
    offered = coordinator_client.get(page).content.decode()
    assert "Lovelace, Ada" in offered and "zenodo.1234" not in offered  # a DOI belongs to one release


@pytest.mark.django_db
def test_what_is_no_doi_is_refused_with_a_reason(worked: Study, coordinator_client: Client) -> None:
    page = f"/admin/annotations/study/{worked.pk}/releases/"
    answer = coordinator_client.post(page, {"licence": "", "doi": "https://doi.org/x", "authors": ""})
    assert "A DOI begins with 10." in answer.content.decode()
    assert not worked.releases.exists()


@pytest.mark.django_db
def test_a_release_without_a_word_is_asked_for_as_before(worked: Study) -> None:
    release = release_requests.request(worked, by="ada")
    assert (release.licence, release.doi, release.authors) == ("", "", "")
