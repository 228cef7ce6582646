"""Importing a data set from the admin: the form, the upload, its limits, and the page of an import."""

import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotations.models import DatasetImport, Role, Study, StudyMember
from annotations.queue import jobs
from clarify_errors.arrays.datasets.importing.sources import TABLES
from tests.support.views_pages import one, tree

NEW = "/admin/annotations/datasetimport/new/"
UPLOAD = "/admin/uploads/data-set/"


@pytest.fixture(autouse=True)
def roots(tmp_path: Path, settings: Any) -> Path:
    settings.DATA_ROOT, settings.IMPORT_ROOT = tmp_path / "data", tmp_path / "import"
    (tmp_path / "import" / "birds").mkdir(parents=True)
    settings.DEFAULT_SIMILARITY_ENCODER = "python:tests.support.fake_encoder"
    return tmp_path


def form(**changed: Any) -> dict[str, Any]:
    usual = {
        "name": "birds",
        "source_format": "imagefolder",
        "similarity_encoder": "python:tests.support.fake_encoder",
        "complete": 1,
    }
    return {**usual, **changed}


def archive(name: str = "birds.zip", data: bytes | None = None) -> SimpleUploadedFile:
    if data is None:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as packed:
            packed.writestr("train/dog/a.png", b"a" * 5000)
        data = stream.getvalue()
    return SimpleUploadedFile(name, data)


def uploads(roots: Path) -> list[Path]:
    return list((roots / "data" / "uploads").glob("*")) if (roots / "data" / "uploads").exists() else []


def test_a_folder_is_asked_for_and_its_page_waits(coordinator_client: Client) -> None:
    response = coordinator_client.post(UPLOAD, form(folder="birds", train_base_model="on"))
    job = DatasetImport.objects.get()
    assert (job.folder, job.train_base_model, job.requested_by) == ("birds", True, "coordinator")
    page = coordinator_client.get(response.headers["Location"]).content.decode()
    assert "Waits for a worker" in page and 'data-live="2"' in page


def test_an_import_stands_under_data(coordinator_client: Client) -> None:
    here = one(coordinator_client.get("/admin/annotations/datasetimport/new/"), ".site-places > ul a[aria-current]")
    assert (here.text, here["href"]) == ("Data", "/admin/annotations/dataset/")


def test_what_comes_in_a_folder_is_offered_where_there_is_one(coordinator_client: Client, settings: Any) -> None:
    offered = '[name="source_format"][value="huggingface"]'
    assert tree(coordinator_client.get(NEW)).select(offered)
    settings.IMPORT_ROOT = None
    assert not tree(coordinator_client.get(NEW)).select(offered)


def test_tables_are_told_apart_by_their_columns_and_named_as_a_refusal_names_them(coordinator_client: Client) -> None:
    page = coordinator_client.get(NEW)
    for name, (title, columns) in TABLES.items():
        label = one(page, f'label:has([value="{name}"])').text.strip()
        assert label.startswith(f"{title}: ") and all(column in label for column in columns)


def test_the_data_page_leads_to_an_import_as_long_as_it_is_under_way(coordinator_client: Client) -> None:
    data = reverse("admin:annotations_dataset_changelist")
    coordinator_client.post(UPLOAD, form(folder="birds"))
    assert "waits for a worker" in one(coordinator_client.get(data), "#under-way[data-live]").text
    job = jobs.claim(DatasetImport)
    assert job is not None
    jobs.beat(job, phase="embedding", n_done=64, n_total=572)
    link = one(coordinator_client.get(data), "#under-way a")
    assert link["href"] == reverse("admin:annotations_datasetimport_change", args=[job.pk])
    assert "Embedding: 64 of 572 images." in one(coordinator_client.get(data), "#under-way").text
    jobs.fail(job, "There is no folder.")
    assert one(coordinator_client.get(data), "#under-way:not([data-live])").text.strip() == ""


def test_its_page_says_how_fast_images_are_embedded_and_how_long_that_takes(coordinator_client: Client) -> None:
    coordinator_client.post(UPLOAD, form(folder="birds"))
    job = jobs.claim(DatasetImport)
    assert job is not None
    jobs.beat(job, phase="embedding", n_done=1_000, n_total=401_000)
    jobs.beat(job, phase="embedding", n_done=101_000)
    DatasetImport.objects.update(phase_began_at=timezone.now() - dt.timedelta(seconds=1_000))
    page = coordinator_client.get(reverse("admin:annotations_datasetimport_change", args=[job.pk])).content.decode()
    assert "Embedding: 101,000 of 401,000 images." in page
    assert "100 images a second, 50:00 minutes left" in page


def test_an_archive_is_stored_where_the_worker_finds_it(coordinator_client: Client, roots: Path) -> None:
    sent = archive()
    data = sent.read()
    sent.seek(0)
    coordinator_client.post(UPLOAD, form(archive=sent))
    job = DatasetImport.objects.get()
    assert (roots / "data" / job.archive).read_bytes() == data


def test_without_a_name_it_is_called_after_its_archive_or_folder(coordinator_client: Client) -> None:
    coordinator_client.post(UPLOAD, form(name="", archive=archive("My birds 2.tar.gz")))
    coordinator_client.post(UPLOAD, form(name="", folder="birds"))
    assert list(DatasetImport.objects.order_by("pk").values_list("name", flat=True)) == ["my-birds-2", "birds"]
    page = coordinator_client.post(UPLOAD, form(name="", archive=archive("鳥.zip"))).content.decode()
    assert "Give a name of letters, digits, _ and -." in page


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "but not both"),
        ({"folder": "../data"}, "Select a valid choice"),
        ({"name": "no slug", "folder": "birds"}, "Enter a valid"),
        ({"folder": "birds", "similarity_encoder": "python:os"}, "Select a valid choice"),
    ],
)
def test_a_form_that_is_not_right_imports_nothing(
    coordinator_client: Client, fields: dict[str, Any], sentence: str
) -> None:
    response = coordinator_client.post(UPLOAD, form(**fields))
    assert (response.status_code, DatasetImport.objects.count()) == (400, 0)
    assert sentence in response.content.decode()


def test_a_file_that_is_no_archive_is_refused_by_its_name(coordinator_client: Client, roots: Path) -> None:
    response = coordinator_client.post(UPLOAD, form(archive=archive("birds.exe")))
    assert "The archive has an unknown format" in response.content.decode()
    assert uploads(roots) == [] and not DatasetImport.objects.exists()


def test_a_failed_import_is_tried_again(coordinator_client: Client) -> None:
    coordinator_client.post(UPLOAD, form(folder="birds"))
    job = jobs.claim(DatasetImport)
    assert job is not None
    jobs.fail(job, "There is no <folder>.")
    address = reverse("admin:annotations_datasetimport_change", args=[job.pk])
    page = coordinator_client.get(address).content.decode()
    assert "There is no &lt;folder&gt;." in page and "Try again" in page
    assert "ago" not in page.split("Asked for by")[1].split("</p>")[0]  # the page does not count on
    coordinator_client.post(address)
    job.refresh_from_db()
    assert (job.state, job.error, job.finished_at) == ("pending", "", None)


def ticked(page: str) -> list[str]:
    """The encoders that a page has ticked."""
    radios = BeautifulSoup(page, "html.parser").select("input[name=similarity_encoder]")
    return [str(radio["value"]) for radio in radios if radio.has_attr("checked")]


def test_the_form_has_an_encoder_ticked_that_needs_nothing(coordinator_client: Client, settings: Any) -> None:
    settings.DEFAULT_SIMILARITY_ENCODER = "open_clip:ViT-L-14:openai"
    page = coordinator_client.get(NEW).content.decode()
    assert ticked(page) == ["bundled:small-clip"]
    assert "open_clip:ViT-L-14:openai. Needs its weights" in page


def test_the_next_try_may_have_another_encoder(coordinator_client: Client, settings: Any) -> None:
    settings.DEFAULT_SIMILARITY_ENCODER = "open_clip:ViT-L-14:openai"
    response = coordinator_client.post(UPLOAD, form(folder="birds", similarity_encoder="open_clip:ViT-L-14:openai"))
    job = jobs.claim(DatasetImport)
    assert job is not None
    jobs.fail(job, "The weights are not on this machine.")
    address = response.headers["Location"]
    assert ticked(coordinator_client.get(address).content.decode()) == ["open_clip:ViT-L-14:openai"]
    coordinator_client.post(address, {"similarity_encoder": "bundled:small-clip"})
    job.refresh_from_db()
    assert (job.state, job.similarity_encoder) == ("pending", "bundled:small-clip")


def test_no_next_try_is_offered_where_the_archive_is_gone(coordinator_client: Client, roots: Path) -> None:
    response = coordinator_client.post(UPLOAD, form(archive=archive()))
    job = jobs.claim(DatasetImport)
    assert job is not None
    jobs.fail(job, "It is no archive.")
    (roots / "data" / job.archive).unlink()
    page = coordinator_client.get(response.headers["Location"]).content.decode()
    assert "It is no archive." in page and "Try again" not in page and "Import another" in page


def test_what_came_in_is_said_in_the_list_and_in_the_order_of_the_work(coordinator_client: Client) -> None:
    response = coordinator_client.post(UPLOAD, form(folder="birds"))
    counts = {"test": 3, "train": 1210, "validation": 2}
    DatasetImport.objects.update(report={"listed": 1220, "kept": 1215, "counts": counts, "left_out": {}})
    assert "1,215 of 1,220" in coordinator_client.get("/admin/annotations/datasetimport/").content.decode()
    page = coordinator_client.get(response.headers["Location"])
    assert page.context["counts"] == [("train", 1210), ("validation", 2), ("test", 3)]


def test_analysts_and_strangers_import_nothing(db: None) -> None:
    analyst = User.objects.create_user("analyst", is_staff=True)
    study = Study.objects.create(slug="birds", title="Birds", completion_code="X")
    StudyMember.objects.create(study=study, user=analyst, role=Role.ANALYST)
    client = Client()
    client.force_login(analyst)
    assert client.post(UPLOAD, form(folder="birds")).status_code == 404
    assert Client().post(UPLOAD, form(folder="birds")).headers["Location"].startswith("/admin/login/")
    assert not DatasetImport.objects.exists()
