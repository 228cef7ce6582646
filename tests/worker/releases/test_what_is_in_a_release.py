"""What is in a release: the same state gives the same bytes, and every form the same data."""

import csv
import hashlib
import io
import json

import pyarrow.parquet as pq
import pytest

from annotations.models import (
    AuditRecord,
    JobState,
    Phrase,
    Study,
)
from annotations.services.releases import release_requests
from annotations.tables.columns import read_text
from tests.worker.releases.released import TRICKY, build, opened, table, without_figures

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_release_is_a_file_with_a_digest_and_a_manifest_of_everything_in_it(worked: Study) -> None:
    release = build(worked)
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
    assert release.last_event == worked.events.latest("pk").pk
    assert release.manifest["notes"] == []
    assert AuditRecord.objects.get(act="release_requested").actor == "ada"


def test_the_same_state_gives_the_same_bytes(worked: Study) -> None:
    first, second = build(worked), build(worked)
    assert (first.number, second.number) == (1, 2)
    assert first.digest == second.digest


@without_figures
def test_the_dictionary_describes_exactly_the_columns_that_are_there(worked: Study) -> None:
    archive = opened(build(worked))
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


@without_figures
def test_each_phrase_has_the_concept_that_the_table_of_concepts_numbers(worked: Study) -> None:
    archive = opened(build(worked))
    texts = {row["concept"]: json.loads(row["texts"]) for row in table(archive, "concepts.csv") if row["task"] == "1"}
    rows = [row for row in table(archive, "phrases.csv") if row["task"] == "1" and row["concept"]]
    assert {row["concept"] for row in rows} == set(texts) != set()
    assert all(read_text(row["text"]) in texts[row["concept"]] for row in rows)


@without_figures
def test_csv_parquet_and_jsonl_hold_the_same_phrases(worked: Study) -> None:
    archive = opened(build(worked))
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


def test_a_study_without_data_and_one_with_one_person_can_be_released(draft_study: Study) -> None:
    archive = opened(build(draft_study))
    assert table(archive, "summary.csv") == []
    assert pq.read_table(io.BytesIO(archive.read("phrases.parquet"))).num_rows == 0
