"""Which folders are offered, and what an import is refused for."""

from pathlib import Path
from typing import Any

import pytest

from annotations.base.service_errors import NotPossible
from annotations.datasets import import_requests as imports
from annotations.datasets.import_requests import importable_folders, request_import
from annotations.models import AuditRecord, Dataset, DatasetImport, JobState
from annotations.queue import jobs


@pytest.fixture
def root(tmp_path: Path, settings: Any) -> Path:
    """An IMPORT_ROOT with a folder, a folder in it, and what must not be offered."""
    root = tmp_path / "import"
    (root / "birds" / "small" / "deep").mkdir(parents=True)
    (root / ".hidden").mkdir()
    (root / "file.txt").write_text("")
    (tmp_path / "outside").mkdir()
    (root / "link").symlink_to(tmp_path / "outside")
    (root / "inside").symlink_to(root / "birds" / "small")
    settings.IMPORT_ROOT, settings.DATA_ROOT = root, tmp_path / "data"
    return root


def ask(**given: Any) -> DatasetImport:
    source = {"name": "birds", "source_format": "csv", "requested_by": "coordinator"}
    return request_import(DatasetImport(**{**source, **given}))


def upload(file_name: str, settings: Any) -> str:
    """The name of an uploaded archive, as an import has it."""
    return imports.upload_path(file_name).relative_to(settings.DATA_ROOT).as_posix()


def test_folders_within_the_root_are_offered_two_levels_deep(root: Path) -> None:
    assert importable_folders() == ["birds", "birds/small", "inside", "inside/deep"]


def test_without_a_root_there_are_none(settings: Any) -> None:
    settings.IMPORT_ROOT = None
    assert importable_folders() == []
    settings.IMPORT_ROOT = Path("/nowhere")
    assert importable_folders() == []


def test_an_import_is_a_job_that_the_audit_log_knows(db: None, root: Path) -> None:
    job = ask(folder="birds")
    assert (job.state, job.folder, job.archive) == (JobState.PENDING, "birds", "")
    record = AuditRecord.objects.get()
    assert (record.act, record.actor, record.subject) == ("import_requested", "coordinator", "import of birds")


@pytest.mark.parametrize(
    "folder", ["..", "../outside", "/etc", "link", ".hidden", "birds/../..", "nothing", "birds/small/deep"]
)
def test_any_other_folder_is_refused(db: None, root: Path, folder: str) -> None:
    with pytest.raises(NotPossible, match="cannot be imported"):
        ask(folder=folder)
    assert not DatasetImport.objects.exists()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"name": "no slug", "folder": "birds"}, "letters, digits"),
        ({"source_format": "pickle", "folder": "birds"}, "not a known format"),
        ({}, "but not both"),
        ({"folder": "birds", "similarity_encoder": "python:os"}, "does not offer this encoder"),
    ],
)
def test_what_is_not_right_is_said(db: None, root: Path, given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(NotPossible, match=sentence):
        ask(**given)


def test_a_folder_and_an_archive_are_one_too_many(db: None, root: Path, settings: Any) -> None:
    with pytest.raises(NotPossible, match="but not both"):
        ask(folder="birds", archive=upload("a.zip", settings))


@pytest.mark.parametrize("name", ["birds.rar", "birds.zip.exe", "birds", "../../birds.png"])
def test_a_file_that_is_no_archive_has_no_place(root: Path, name: str) -> None:
    with pytest.raises(NotPossible, match="The archive has an unknown format"):
        imports.upload_path(name)


def test_an_upload_gets_a_name_of_our_own(root: Path) -> None:
    path = imports.upload_path("../../etc/Birds.TAR.GZ")
    assert path.parent == root.parent / "data" / "uploads"
    assert path.name.endswith(".tar.gz") and "etc" not in path.name


def failed(job: DatasetImport) -> DatasetImport:
    taken = jobs.claim(DatasetImport)
    assert taken == job
    jobs.fail(taken, "The weights are not on this machine.")
    job.refresh_from_db()
    return job


def test_an_import_that_names_no_encoder_gets_one_that_can_be_used_here(db: None, root: Path) -> None:
    assert ask(folder="birds").similarity_encoder == "bundled:small-clip"


def test_another_encoder_may_be_chosen_for_the_next_try(db: None, root: Path, settings: Any) -> None:
    settings.DEFAULT_SIMILARITY_ENCODER = "open_clip:ViT-L-14:openai"
    job = failed(ask(folder="birds", similarity_encoder="open_clip:ViT-L-14:openai"))
    imports.request_again(job, similarity_encoder="bundled:small-clip", by="coordinator")
    job.refresh_from_db()
    assert (job.state, job.similarity_encoder) == (JobState.PENDING, "bundled:small-clip")
    assert AuditRecord.objects.latest("id").detail == {"similarity_encoder": "bundled:small-clip"}


def test_the_next_try_takes_no_encoder_that_is_not_known_here(db: None, root: Path) -> None:
    job = failed(ask(folder="birds"))
    with pytest.raises(NotPossible, match="does not offer this encoder"):
        imports.request_again(job, similarity_encoder="python:os", by="coordinator")
    job.refresh_from_db()
    assert (job.state, job.similarity_encoder) == (JobState.FAILED, "bundled:small-clip")


def test_a_data_set_that_is_in_keeps_its_encoder(sprites_like: Dataset, root: Path) -> None:
    job = failed(ask(folder="birds"))
    DatasetImport.objects.update(dataset=sprites_like)
    job.refresh_from_db()
    with pytest.raises(NotPossible, match="The data set is already imported"):
        imports.request_again(job, similarity_encoder="bundled:small-clip", by="coordinator")


def test_an_archive_that_is_gone_cannot_be_tried_again(db: None, root: Path, settings: Any) -> None:
    job = failed(ask(archive=upload("birds.zip", settings)))
    assert not imports.can_be_tried_again(job)
    with pytest.raises(NotPossible, match="Upload it again"):
        imports.request_again(job, by="coordinator")


def test_only_a_failed_import_is_tried_again(db: None, root: Path) -> None:
    job = ask(folder="birds")
    with pytest.raises(NotPossible, match="Only a failed import"):
        imports.request_again(job, by="coordinator")
