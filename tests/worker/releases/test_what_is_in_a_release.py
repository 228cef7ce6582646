"""What is in a release: the same state gives the same bytes, and every form the same data."""

import csv
import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from django.conf import settings

from annotations.base.tables.columns import read_text
from annotations.log.identities import key_of
from annotations.models import AuditRecord, JobState, Phrase, Release
from annotations.releases import release_requests
from tests.support.own_database import Committed
from tests.worker.releases.conftest import store_visits
from tests.worker.releases.released import TRICKY, build, opened, table

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def _no_files_of_another_test() -> Iterator[None]:
    """Here, of another module: the tests read the same two releases."""
    yield
    shutil.rmtree(Path(settings.DATA_ROOT) / release_requests.FOLDER, ignore_errors=True)


@dataclass(frozen=True)
class Built:
    """Two releases of the same state of a study, and what must be in neither: what ties data to a person."""

    first: Release
    second: Release
    secrets: tuple[str, ...]


@pytest.fixture(scope="module")
def built(committed: Committed, sprites_directory: Path) -> Iterator[Built]:
    with committed():
        study, alice, bob = store_visits(sprites_directory)
        ids = (*alice.external_ids.values(), *bob.external_ids.values())
        yield Built(build(study), build(study), (*ids, study.completion_code, key_of(study).decode(), "127.0.0.1"))


@pytest.fixture
def release(db: None, built: Built) -> Release:
    return Release.objects.get(pk=built.first.pk)


@pytest.fixture
def archive(release: Release) -> zipfile.ZipFile:
    return opened(release)


def test_a_release_is_a_file_with_a_digest_and_a_manifest_of_everything_in_it(release: Release) -> None:
    assert (release.state, release.error, release.number) == (JobState.DONE, "", 1)
    path = release_requests.open_file(release)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == release.digest
    assert path.stat().st_size == release.size
    archive = opened(release)
    assert archive.testzip() is None
    listed = {file["name"]: file for file in release.manifest["files"]}
    assert set(archive.namelist()) == {*listed, "manifest.json"}
    assert json.loads(archive.read("manifest.json")) == release.manifest
    for name, file in listed.items():
        data = archive.read(name)
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file["bytes"], file["sha256"]), name
    assert listed["phrases.csv"]["rows"] == listed["phrases.parquet"]["rows"] == Phrase.objects.count()
    assert release.last_event == release.study.events.latest("pk").pk
    assert release.manifest["notes"] == []
    assert AuditRecord.objects.filter(act="release_requested")[0].actor == "ada"


def test_the_same_state_gives_the_same_bytes(built: Built) -> None:
    assert (built.first.number, built.second.number) == (1, 2)
    assert built.first.digest == built.second.digest


def test_nothing_that_ties_data_to_a_person_is_in_any_byte_of_it(built: Built, archive: zipfile.ZipFile) -> None:
    for name in archive.namelist():
        data = archive.read(name)
        assert not [secret for secret in built.secrets if secret.encode() in data], name


def test_the_dictionary_describes_exactly_the_columns_that_are_there(archive: zipfile.ZipFile) -> None:
    described: dict[str, list[str]] = {}
    for row in table(archive, "data_dictionary.csv"):
        assert row["meaning"] and row["type"]
        described.setdefault(row["file"].replace("task-N", "task-1"), []).append(row["column"])
    tables = [name for name in archive.namelist() if name.endswith(".csv") and "/" not in name]
    lowest = {name for name in archive.namelist() if name.startswith("lowest/")}
    assert {*tables, *lowest} == set(described)
    for name in lowest:
        assert pq.read_schema(io.BytesIO(archive.read(name))).names == described[name], name
    for name in tables:
        header = next(csv.reader(io.StringIO(archive.read(name).decode(), newline="")))
        assert header == described[name], name
        parquet = name.replace(".csv", ".parquet")
        if name != "data_dictionary.csv":
            assert pq.read_schema(io.BytesIO(archive.read(parquet))).names == header


def test_each_phrase_has_the_concept_that_the_table_of_concepts_numbers(archive: zipfile.ZipFile) -> None:
    texts = {row["concept"]: json.loads(row["texts"]) for row in table(archive, "concepts.csv") if row["task"] == "1"}
    rows = [row for row in table(archive, "phrases.csv") if row["task"] == "1" and row["concept"]]
    assert {row["concept"] for row in rows} == set(texts) != set()
    assert all(read_text(row["text"]) in texts[row["concept"]] for row in rows)


def test_csv_parquet_and_jsonl_hold_the_same_phrases(archive: zipfile.ZipFile) -> None:
    rows = table(archive, "phrases.csv")
    raw = [json.loads(line)["text"] for line in archive.read("phrases.jsonl").decode().splitlines()]
    parquet = pq.read_table(io.BytesIO(archive.read("phrases.parquet"))).to_pylist()
    assert set(TRICKY) < set(raw)
    assert [read_text(row["text"]) for row in rows] == raw == [row["text"] for row in parquet]
    assert [row["error_score"] for row in rows] == [
        "" if row["error_score"] is None else repr(row["error_score"]) for row in parquet
    ]
    assert [row["submitted_at"] for row in rows] == [
        row["submitted_at"].isoformat(timespec="microseconds").replace("+00:00", "Z") for row in parquet
    ]
