"""The page of a data set: what its model gets wrong, and what can be done with it from there."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from annotations.datasets import dataset_changes as library
from annotations.datasets.model_errors import model_errors
from annotations.models import AuditRecord, BaseModel, Dataset, DatasetImport, JobState, Study
from clarify_errors.arrays.datasets.dataset_files import Split
from tests.support.actors import SQUARE
from tests.support.views_pages import tree


def page_of(dataset: Dataset) -> str:
    return f"/admin/annotations/dataset/{dataset.pk}/change/"


def test_the_worst_group_comes_first_with_its_wrong_images(coordinator_client: Client, base_model: BaseModel) -> None:
    page = coordinator_client.get(page_of(base_model.dataset))
    rows = tree(page).select(".worst tbody tr")
    shares = [float(row.select("strong")[0].text.rstrip("%")) for row in rows]
    assert len(shares) > 1 and shares == sorted(shares)
    assert rows[0].select("img")


def test_the_numbers_are_those_of_the_validation_images(base_model: BaseModel) -> None:
    errors, files = model_errors(base_model), base_model.dataset.files
    rows = files.rows(Split.VALIDATION)
    right = base_model.predicted[rows] == files.labels[rows]
    assert errors.average == pytest.approx(float(right.mean()))
    assert sum(group.n for group in errors.groups) == len(rows) == errors.said.sum()
    assert sorted(row for group in errors.groups for row in group.wrong) == sorted(rows[~right])


def test_each_class_shows_wrong_and_right_ones_and_leads_to_a_study_and_to_all(
    coordinator_client: Client, base_model: BaseModel
) -> None:
    address = page_of(base_model.dataset)
    page = coordinator_client.get(address).content.decode()
    assert f"/admin/annotations/study/add/?model={base_model.pk}&amp;class={SQUARE}" in page
    wrong = coordinator_client.get(f"{address}?model={base_model.pk}&class={SQUARE}&side=wrong")
    n = sum(len(group.wrong) for group in model_errors(base_model).groups if group.name.startswith("square"))
    assert f"square: {n} wrong" in wrong.content.decode()
    assert len(tree(wrong).select(".many img")) == min(n, 120)


def test_a_model_has_the_same_page_with_its_own_errors(coordinator_client: Client, base_model: BaseModel) -> None:
    page = coordinator_client.get(f"/admin/annotations/basemodel/{base_model.pk}/change/").content.decode()
    assert "Where the model is wrong" in page and base_model.name in page


def test_images_without_a_picture_are_counted(
    coordinator_client: Client, base_model: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "of the images have no picture here"
    assert said not in coordinator_client.get(page_of(base_model.dataset)).content.decode()
    pictured = base_model.dataset.files.splits != Split.TRAIN
    monkeypatch.setitem(vars(base_model.dataset.files), "pictured", pictured)
    assert f"{(~pictured).sum()} {said}" in coordinator_client.get(page_of(base_model.dataset)).content.decode()


def test_another_lambda_is_asked_of_the_workers_once(coordinator_client: Client, base_model: BaseModel) -> None:
    response = coordinator_client.post(page_of(base_model.dataset), {"act": "train", "l2": "0,5"})
    job = DatasetImport.objects.get()
    assert (job.dataset, job.l2, job.state) == (base_model.dataset, 0.5, "pending")
    assert response.headers["Location"] == f"/admin/annotations/datasetimport/{job.pk}/change/"
    assert "Waits for a worker" in coordinator_client.get(response.headers["Location"]).content.decode()


def test_an_import_leads_to_naming_classes_that_have_numbers_for_names(
    coordinator_client: Client, base_model: BaseModel
) -> None:
    dataset = base_model.dataset
    job = DatasetImport.objects.create(
        name=dataset.name, folder="birds", dataset=dataset, state=JobState.DONE, finished_at=timezone.now()
    )
    address = f"/admin/annotations/datasetimport/{job.pk}/change/"
    assert "Make a study of" in tree(coordinator_client.get(address)).select(".act.first")[0].text
    numbers = [f"class {number}" for number in range(len(dataset.class_names))]
    library.name_classes(dataset, numbers, dataset.attribute_names, by="coordinator")
    page = tree(coordinator_client.get(address))
    [first] = page.select(".act.first")
    assert first.text == "Name the classes" and "Make a study of class" in page.text
    assert tree(coordinator_client.get(str(first["href"]))).select_one("details[open] #names")


@pytest.mark.parametrize("l2", ["0", "-1", "much", "nan", "inf"])
def test_a_lambda_that_is_none_is_refused_in_words(coordinator_client: Client, base_model: BaseModel, l2: str) -> None:
    response = coordinator_client.post(page_of(base_model.dataset), {"act": "train", "l2": l2}, follow=True)
    assert "Give the strength of regularisation (λ) as a number above 0, for example" in response.content.decode()
    assert not DatasetImport.objects.exists()


@pytest.mark.parametrize(("shares", "is_told"), [([0.58, 0.47], True), ([0.625, None], False)])
def test_a_model_that_hardly_learned_is_told_where_its_import_ends(
    coordinator_client: Client, base_model: BaseModel, shares: list[float | None], is_told: bool
) -> None:
    BaseModel.objects.update(validation_accuracies=shares)
    ended = {"folder": "birds", "state": JobState.DONE, "finished_at": timezone.now()}
    job = DatasetImport.objects.create(name="birds", dataset=base_model.dataset, requested_by="ada", **ended)
    page = coordinator_client.get(f"/admin/annotations/datasetimport/{job.pk}/change/").content.decode()
    assert ("validation images, on average; guessing reaches 50%. What people find will be chance." in page) is is_told


def test_classes_and_groups_are_named_until_a_study_opens(
    coordinator_client: Client, draft_study: Study, base_model: BaseModel
) -> None:
    address = page_of(base_model.dataset)
    page = tree(coordinator_client.get(address))
    assert page.select("#names")[0].text.split("\n") == [*base_model.dataset.class_names, ""]
    assert page.select("#groups")[0].text.split("\n") == [*base_model.dataset.attribute_names, ""]
    given = {"act": "name", "names": "a bo\u0302x\r\n a  ball ", "groups": "sea\r\nfire"}
    answer = coordinator_client.post(address, given, follow=True)
    assert "A b\u00f4x, fire" in answer.content.decode()
    detail = AuditRecord.objects.get(act="classes_named").detail
    assert (detail["are"], detail["groups_are"]) == (["a b\u00f4x", "a ball"], ["sea", "fire"])
    for wrong in ("one", "same\nsame", "x\n" + "y" * 61, "x\n" + 61 * "e\u0301", "x" + 240 * " " + "z\ny"):
        for field in ("names", "groups"):
            coordinator_client.post(address, {**given, field: wrong})
    Study.objects.update(state="active", opened_at="2026-01-01T00:00Z")
    response = coordinator_client.post(address, {**given, "names": "c\nd"}, follow=True)
    assert "A study on this data set was opened" in response.content.decode()
    base_model.dataset.refresh_from_db()
    assert base_model.dataset.class_names == ["a b\u00f4x", "a ball"]
    assert base_model.dataset.attribute_names == ["sea", "fire"]


def test_predictions_are_brought_in_and_shown(coordinator_client: Client, base_model: BaseModel) -> None:
    dataset, files = base_model.dataset, base_model.dataset.files
    lines = ["image,split,predicted"]
    for split in (Split.VALIDATION, Split.TEST):
        lines += [f"{files.filenames[row]},{split.word},{dataset.class_names[0]}" for row in files.rows(split)]
    file = SimpleUploadedFile("own.csv", "\n".join(lines).encode())
    address = f"/admin/uploads/data-sets/{dataset.pk}/predictions/"
    response = coordinator_client.post(address, {"name": "own", "file": file, "l2": "0.5", "complete": 1}, follow=True)
    own = BaseModel.objects.get(name="own")
    assert "Own on" in response.content.decode() and (own.origin, own.l2) == ("imported", 0.5)
    broken = SimpleUploadedFile("own.csv", b"image,split,predicted\nnothing.png,test,nothing\n")
    response = coordinator_client.post(address, {"name": "other", "file": broken, "complete": 1}, follow=True)
    assert tree(response).select(".messagelist .error") and not BaseModel.objects.filter(name="other").exists()


def test_a_data_set_that_studies_use_is_not_deleted_and_the_page_names_them(
    coordinator_client: Client, coordinator: User, draft_study: Study, base_model: BaseModel
) -> None:
    DatasetImport.objects.create(name="x", folder="x", dataset=base_model.dataset, requested_by="coordinator")
    page = coordinator_client.get(page_of(base_model.dataset)).content.decode()
    assert "Cannot be deleted: 1 study uses it" in page and draft_study.title in page
    coordinator_client.post(page_of(base_model.dataset), {"act": "delete"})
    assert Dataset.objects.exists()


def test_whoever_imported_a_data_set_deletes_it_with_its_files(
    client: Client, base_model: BaseModel, settings: Any, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    dataset, importer = base_model.dataset, User.objects.create_user("importer", is_staff=True)
    client.force_login(importer)
    assert client.post(page_of(dataset), {"act": "delete"}).status_code == 404  # somebody else's
    DatasetImport.objects.create(name="x", folder="x", dataset=dataset, requested_by="importer")
    settings.DATA_ROOT = tmp_path  # the files of the tests are for all of them
    folder = tmp_path / dataset.directory
    folder.mkdir(parents=True)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(page_of(dataset), {"act": "delete"})
    assert not Dataset.objects.exists() and not folder.exists()
    assert AuditRecord.objects.get(act="dataset_deleted").subject == str(dataset)


def test_files_that_were_left_out_are_named_with_the_reason(
    coordinator_client: Client, base_model: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"filename": "cut.jpg", "split": "train", "reason": "truncated", "detail": "it ends early"}]
    monkeypatch.setattr("annotations.datasets.staff_pages.data_page.left_out_files", lambda dataset: rows)
    monkeypatch.setitem(base_model.dataset.files.manifest.report, "left_out", {"truncated": 1})
    page = coordinator_client.get(page_of(base_model.dataset)).content.decode()
    assert "1 file left out" in page and "cut.jpg: truncated, it ends early" in page
