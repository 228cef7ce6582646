"""Files that are sent to the site: nobody leaves a byte behind who may not, and nobody keeps its threads busy."""

import io
import os
import re
import threading
import time
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.wsgi import WSGIRequest
from django.db import OperationalError, connection, connections
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from annotations.backups import files
from annotations.datasets import import_requests as imports
from annotations.datasets.import_requests import UPLOADS
from annotations.datasets.staff_pages.import_pages import ArchiveUpload
from annotations.models import DatasetImport, Role, Study, StudyMember
from annotations.pages import uploads
from annotations.pages import uploads as upload_slots

DATA_SET = "/admin/uploads/data-set/"
TOKEN = "a" * 32
# Exempt from the usual check of the token, and takes no file: programs call it, with a proof of their own.
OF_PROGRAMS = {"prolific/webhook"}


class Body(io.BytesIO):
    """The body of a request, as the server would read it from the network."""

    was_read = False

    def read(self, *args: Any) -> bytes:
        self.was_read = True
        return super().read(*args)


@pytest.fixture(autouse=True)
def root(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every folder into which a file could be written lies here."""
    settings.DATA_ROOT = tmp_path / "data"
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    settings.DEFAULT_SIMILARITY_ENCODER = "python:tests.support.fake_encoder"
    return tmp_path


@pytest.fixture
def study(db: None) -> Study:
    return Study.objects.create(slug="birds", title="Birds", completion_code="X")


@pytest.fixture
def analyst(study: Study) -> Client:
    """Reads the study, and neither runs it nor brings in data."""
    person = User.objects.create_user("analyst", is_staff=True)
    StudyMember.objects.create(study=study, user=person, role=Role.ANALYST)
    return signed_in(person)


@pytest.fixture
def newcomer(db: None) -> Client:
    """Has an account and no role yet."""
    return signed_in(User.objects.create_user("newcomer", is_staff=True))


@pytest.fixture
def operator(coordinator: User) -> Client:
    return signed_in(coordinator)


def signed_in(person: User | None) -> Client:
    """A browser whose requests are checked for their token as those of any."""
    client = Client(enforce_csrf_checks=True)
    if person is not None:
        client.force_login(person)
    client.cookies["csrftoken"] = TOKEN
    return client


def archive(name: str = "birds.zip", n_bytes: int = 5000) -> SimpleUploadedFile:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        packed.writestr("train/dog/a.png", b"a" * n_bytes)
    return SimpleUploadedFile(name, stream.getvalue())


def form(**changed: Any) -> dict[str, Any]:
    usual = {"name": "birds", "source_format": "imagefolder", "similarity_encoder": "python:tests.support.fake_encoder"}
    return {**usual, "archive": archive(), "complete": 1, **changed}


def left(root: Path) -> list[Path]:
    """The files that an upload left."""
    return [path for path in root.rglob("*") if path.is_file()]


def send(client: Client, path: str, fields: dict[str, Any], token: str = TOKEN, missing: int = 0) -> tuple[int, bool]:
    """The answer's status, and whether anything of the body was read. missing: bytes at its end that never came."""
    environ = posted(path, fields, token)
    del environ["HTTP_COOKIE"]  # the browser has its own
    whole = environ["wsgi.input"].read()
    environ["wsgi.input"] = body = Body(whole[: len(whole) - missing])
    return client.request(**environ).status_code, body.was_read


def posted(path: str, fields: dict[str, Any], token: str = TOKEN) -> dict[str, Any]:
    """The environment of a request that sends a form."""
    factory = RequestFactory()
    factory.cookies["csrftoken"] = TOKEN
    return factory.post(f"{path}?csrfmiddlewaretoken={token}", fields).environ


@pytest.fixture
def submissions(study: Study) -> str:
    return f"/admin/uploads/studies/{study.pk}/submissions/"


@pytest.mark.parametrize("path", [DATA_SET, "submissions", "/admin/uploads/other/"])
def test_who_may_not_upload_leaves_no_byte_and_is_not_listened_to(
    path: str, submissions: str, analyst: Client, operator: Client, root: Path
) -> None:
    path = submissions if path == "submissions" else path
    fields = form(file=archive())
    assert send(signed_in(None), path, fields) == (302, False)
    assert send(analyst, path, fields) == (404, False)
    refused = 404 if "other" in path else 403
    assert send(operator, path, fields, token="b" * 32) == (refused, False)
    assert send(operator, path, fields, token="") == (refused, False)
    assert left(root) == []


def test_who_has_no_role_uploads_nothing_and_is_not_listened_to(newcomer: Client, root: Path) -> None:
    assert send(newcomer, DATA_SET, form()) == (404, False)
    assert left(root) == []


def test_the_proxy_lets_no_file_through_from_who_has_no_role_that_sends_any(newcomer: Client, analyst: Client) -> None:
    assert newcomer.get("/admin/upload-permission/").status_code == 404
    assert analyst.get("/admin/upload-permission/").status_code == 404


def test_the_page_of_an_import_says_why_who_has_no_role_sends_nothing(newcomer: Client) -> None:
    page = newcomer.get("/admin/annotations/datasetimport/new/").content.decode()
    assert "You have no role in a study yet" in page and "multipart/form-data" not in page


def test_a_token_in_the_form_alone_comes_too_late(operator: Client, root: Path) -> None:
    assert send(operator, DATA_SET, form(csrfmiddlewaretoken=TOKEN), token="") == (403, False)
    assert left(root) == []


def test_what_is_too_large_is_not_listened_to(operator: Client, submissions: str, root: Path, settings: Any) -> None:
    settings.IMPORT_UPLOAD_MB = 1
    assert send(operator, DATA_SET, form(archive=archive(n_bytes=1_200_000))) == (413, False)
    assert send(operator, submissions, {"file": archive(n_bytes=11 * 2**20)}) == (302, False)
    assert left(root) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "no slug"},
        {"archive": archive("birds.exe")},
        {"archive": [archive(), archive()]},
        {"other": archive()},
        {"archive": archive(n_bytes=2**20 + 1000)},  # no larger than a body may be
    ],
)
def test_an_upload_that_is_refused_in_the_end_is_removed(
    operator: Client, root: Path, settings: Any, changed: dict[str, Any]
) -> None:
    settings.IMPORT_UPLOAD_MB = 1
    assert send(operator, DATA_SET, form(**changed)) == (400, True)
    assert left(root) == [] and not DatasetImport.objects.exists()


@pytest.mark.parametrize("missing", [100, 4000])
def test_an_upload_that_ends_too_early_is_removed(operator: Client, root: Path, missing: int) -> None:
    assert send(operator, DATA_SET, form(), missing=missing) == (400, True)
    assert left(root) == [] and not DatasetImport.objects.exists()


class BreaksOff(io.BytesIO):
    """A body whose sender is gone after the first kilobyte."""

    def read(self, *args: Any) -> bytes:
        if self.tell():
            raise ConnectionResetError
        return super().read(1000)


def test_an_upload_that_breaks_off_is_removed(root: Path, coordinator: User) -> None:
    environ = posted("/", form())
    request = WSGIRequest({**environ, "wsgi.input": BreaksOff(environ["wsgi.input"].read())})
    request.user = coordinator
    with pytest.raises(BadRequest):
        uploads.take_in(request, ArchiveUpload(request), 2**20, "too large")
    assert left(root) == []


@pytest.mark.parametrize("path", ["/admin/login/", "/language", "/admin/annotations/study/add/"])
def test_no_other_page_takes_a_file(operator: Client, root: Path, path: str) -> None:
    send(operator, path, {"csrfmiddlewaretoken": TOKEN, "file": archive(n_bytes=4 * 2**20)}, token="")
    assert left(root) == []


def _exempt(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    """Every address below which the token is not checked as usual, except the API's, which takes JSON alone."""
    for pattern in patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _exempt(pattern.url_patterns, path)
        elif getattr(pattern.callback, "csrf_exempt", False) and not path.startswith("api/"):
            yield path


def test_every_view_that_takes_files_has_an_address_that_the_proxy_knows() -> None:
    exempt = set(_exempt(get_resolver().url_patterns)) - OF_PROGRAMS
    assert exempt and all(re.match(r"admin/\^?uploads/", path) for path in exempt)
    modules = Path(uploads.__file__).parents[1].rglob("*.py")
    assert [path.name for path in modules if "upload_handlers" in path.read_text("utf-8")] == ["uploads.py"]


def test_an_archive_is_hidden_from_back_ups_until_it_is_asked_for(root: Path, db: None) -> None:
    upload = ArchiveUpload()
    upload.new_file("archive", "birds.zip", "", None)
    upload.receive_data_chunk(b"abc", 0)
    whole = upload.file_complete(3)
    assert whole is not None and len(left(root)) == 1
    assert list(files.kept(root / "data")) == []
    whole.keep()
    assert len(list(files.kept(root / "data"))) == 1


@pytest.mark.django_db
def test_what_killed_processes_left_is_removed_by_its_age(root: Path) -> None:
    folder = root / "data" / UPLOADS
    folder.mkdir(parents=True)
    old = (timezone.now() - imports.ABANDONED_AFTER - timedelta(minutes=1)).timestamp()
    for name, is_old in ((".old.zip", True), (".new.zip", False), ("orphan.zip", True), ("asked.zip", True)):
        (folder / name).write_bytes(b"a")
        if is_old:
            os.utime(folder / name, (old, old))
    DatasetImport.objects.create(name="birds", archive=f"{UPLOADS}/asked.zip", requested_by="operator")
    assert imports.remove_abandoned_uploads(timezone.now()) == 2
    assert {path.name for path in folder.iterdir()} == {".new.zip", "asked.zip"}
    assert imports.remove_abandoned_uploads(timezone.now()) == 0


@pytest.fixture
def busy(transactional_db: None) -> Iterator[None]:
    """As many uploads are on their way as may be, each in a thread of its own."""
    over, begun = threading.Event(), threading.Semaphore(0)

    def upload() -> None:
        with upload_slots.held():
            begun.release()
            over.wait()
        connections.close_all()

    threads = [threading.Thread(target=upload) for _ in range(upload_slots.SLOTS)]
    for thread in threads:
        thread.start()
        begun.acquire()
    yield
    over.set()
    for thread in threads:
        thread.join()


def test_a_third_upload_is_told_to_wait_and_not_listened_to(busy: None, operator: Client, root: Path) -> None:
    assert send(operator, DATA_SET, form()) == (429, False)
    assert operator.get("/admin/upload-permission/").status_code == 429
    assert left(root) == []


@pytest.mark.parametrize(
    ("page", "field"), [("datasetimport/new", "archive"), ("study/{}/reconciliation", "file")], ids=["data set", "file"]
)
def test_what_the_pages_ask_for_is_taken(operator: Client, study: Study, page: str, field: str) -> None:
    shown = operator.get(f"/admin/annotations/{page.format(study.pk)}/").content.decode()
    (asked,) = BeautifulSoup(shown, "html.parser").select("form[enctype='multipart/form-data']")
    hidden = {str(each["name"]): str(each["value"]) for each in asked.select("input[type=hidden]")}
    usual = {name: value for name, value in form().items() if name != "complete"}
    answer = operator.post(str(asked["action"]), {**usual, field: archive(), **hidden})
    assert answer.status_code == 302


def test_the_next_upload_passes_once_one_has_ended(transactional_db: None, operator: Client, coordinator: User) -> None:
    for _ in range(upload_slots.SLOTS + 1):
        assert operator.get("/admin/upload-permission/").status_code == 204
        assert send(operator, DATA_SET, form()) == (302, True)


def test_a_process_that_is_killed_gives_its_slot_back(transactional_db: None) -> None:
    def upload() -> None:
        with pytest.raises(OperationalError), upload_slots.held(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        connections.close_all()

    for _ in range(upload_slots.SLOTS):
        thread = threading.Thread(target=upload)
        thread.start()
        thread.join()
    while not upload_slots.is_free():
        time.sleep(0.05)
    with upload_slots.held():
        assert upload_slots.is_free()
