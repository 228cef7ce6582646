"""The tables of a release over the API, and the releases themselves."""

import csv
import io
from typing import Any

import pandas as pd
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotations.base.tables.columns import write_cell
from annotations.corrections.correction_tables import correction_tables
from annotations.log.identities import key_of
from annotations.models import BaseModel, Score, Study
from annotations.pools.gathering_tables import pool_tables
from annotations.releases.tables.table_rows import sources
from annotations.results.stored_rows import read_people
from annotations.results.study_analysis import Analysed
from clarify_errors.arrays.phrases.null_level import null_level
from tests.support import actors
from tests.support.actors import Visit
from tests.support.analysis_studies import analyse
from tests.support.rows import add_phrase, add_run
from tests.support.vocabularies import words_scored
from tests.support.whole import whole_study

TABLES = "/api/v1/studies/sprites/tables/"
STORED = {
    "participants": {"participant"},
    "sessions": {"session", "participant", "kind", "stage", "outcome", "condition"},
    "assignments": {"session", "participant", "task", "state"},
    "phrases": {"phrase", "session", "participant", "task", "state"},
    "runs": {"run", "session", "participant", "task", "state", "is_chosen"},
    "end_answers": {"session", "participant", "number"},
    "spans": {"session", "participant", "task", "kind"},
}  # the columns by which their rows can be chosen
TRICKY = ("=1+1", "'=1+1", 'say "red", or\tnot', "אדום", "🟥", "NA", "-0")


pytestmark = pytest.mark.usefixtures("stored_base_model")


@pytest.fixture(scope="module")
def stored(stored_base_model: BaseModel) -> tuple[Visit, Visit]:
    """Of alice, who typed what breaks CSV files, and of bob."""
    study = actors.open_study(actors.create_study(stored_base_model))
    alice, bob = (actors.start_visit(study, name) for name in ("alice", "bob"))
    for i, text in enumerate(TRICKY):
        add_run(add_phrase(alice, text, i / 10), i / 20 + 0.25 if i else None)
    add_run(add_phrase(bob, "red", 0.5), 0.75)
    add_phrase(bob, "waits")
    return alice, bob


@pytest.fixture
def alice(db: None, stored: tuple[Visit, Visit]) -> Visit:
    return actors.again(stored[0])


@pytest.fixture
def bob(db: None, stored: tuple[Visit, Visit]) -> Visit:
    return actors.again(stored[1])


@pytest.fixture
def worked(alice: Visit) -> Study:
    return alice.session.study


def get(client: Client, name: str, **query: str | int) -> dict[str, Any]:
    response = client.get(f"{TABLES}{name}/", query)
    assert response.status_code == 200, response.content
    told: dict[str, Any] = response.json()
    return told


def test_the_list_names_every_table_of_a_release_with_its_columns(worked: Study, coordinator_client: Client) -> None:
    listed = {table["name"]: table for table in coordinator_client.get(TABLES).json()}
    analyse(worked)
    expected = {part.table.name: part.table for part in sources(worked, read_people(worked))}
    analysed = [*Analysed(worked).tables.all, *Analysed(worked).concepts.all]
    analysed += [*correction_tables(worked).all, *pool_tables(worked)]
    expected |= {filled.table.name: filled.table for filled in analysed}
    assert listed.keys() == expected.keys()
    for name, table in listed.items():
        assert [column["name"] for column in table["columns"]] == expected[name].header
        assert table["url"] == f"{TABLES}{name}/"
        page = coordinator_client.get(table["url"]).json()
        assert all(list(row) == expected[name].header for row in page["results"])


def test_a_page_of_rows_has_the_cells_as_they_are(worked: Study, coordinator_client: Client) -> None:
    first = get(coordinator_client, "phrases", page_size=4)
    second = get(coordinator_client, "phrases", page_size=4, page=2)
    third = get(coordinator_client, "phrases", page_size=4, page=3)
    assert first["count"] == 9 and "page=2" in first["next"] and third["next"] is None
    rows = first["results"] + second["results"] + third["results"]
    assert {row["text"] for row in rows} == {*TRICKY, "red", "waits"}
    scores = {row["text"]: row["error_score"] for row in rows}
    assert (scores["red"], scores["waits"], scores["=1+1"]) == (0.5, None, 0.0)


def test_as_csv_a_table_is_the_file_of_the_export(worked: Study, coordinator_client: Client) -> None:
    response = coordinator_client.get(f"{TABLES}phrases/", {"format": "csv"})
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="phrases.csv"'
    text = b"".join(response).decode()
    lines = list(csv.reader(io.StringIO(text, newline="")))
    part = next(part for part in sources(worked, read_people(worked)) if part.table.name == "phrases")
    assert lines == list(part.table.lines(part))
    frame = pd.read_csv(io.StringIO(text), keep_default_na=False, na_values=[""])
    assert sorted(frame.text) == sorted(
        {"'=1+1", "''=1+1", 'say "red", or\tnot', "אדום", "🟥", "NA", "'-0", "red", "waits"}
    )


@pytest.mark.parametrize(
    ("name", "query", "count"),
    [
        ("phrases", {"state": "pending"}, 1),
        ("phrases", {"task": 2}, 0),
        ("phrases", {"task": 10**30}, 0),
        ("runs", {"state": "done"}, 7),
        ("sessions", {"kind": "expert"}, 0),
        ("summary", {"task": 1}, 2),
        ("exclusions", {"what": "run"}, 1),
    ],
)
def test_rows_are_chosen_by_their_cells(
    worked: Study, coordinator_client: Client, name: str, query: dict[str, Any], count: int
) -> None:
    assert get(coordinator_client, name, **query)["count"] == count
    response = coordinator_client.get(f"{TABLES}{name}/", {**query, "format": "csv"})
    assert len(list(csv.reader(io.StringIO(b"".join(response).decode(), newline="")))) == count + 1


def test_each_filter_of_a_stored_table_chooses_the_rows_with_that_cell(
    base_model: BaseModel, coordinator_client: Client
) -> None:
    tables = f"/api/v1/studies/{whole_study(base_model).slug}/tables/"
    listed = [table for table in coordinator_client.get(tables).json() if table["name"] in STORED]
    assert {table["name"]: set(table["filters"]) for table in listed} == STORED
    for table in listed:
        rows = coordinator_client.get(table["url"], {"page_size": 200}).json()["results"]
        for name in table["filters"]:
            cell = next(row[name] for row in rows if row[name] not in (None, ""))
            chosen = coordinator_client.get(table["url"], {name: write_cell(cell), "page_size": 200}).json()
            assert chosen["results"] == [row for row in rows if row[name] == cell], (table["name"], name)


def test_filters_together_choose_the_rows_that_have_all_of_them(
    worked: Study, coordinator_client: Client, alice: Visit, bob: Visit
) -> None:
    query = {"session": alice.session.submission_key, "task": "1", "state": "scored"}
    assert get(coordinator_client, "phrases", **query)["count"] == len(TRICKY)
    assert get(coordinator_client, "phrases", **query, participant=bob.participant.pseudonym)["count"] == 0


@pytest.mark.parametrize("name", STORED)
def test_an_unknown_filter_is_refused_and_named(worked: Study, coordinator_client: Client, name: str) -> None:
    response = coordinator_client.get(f"{TABLES}{name}/", {"study": "sprites", "state": "x", "pseudonym_key": "x"})
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "invalid")
    assert error["fields"]["pseudonym_key"] == error["fields"]["study"] == ["This filter does not exist."]


@pytest.mark.parametrize("table", [f"{TABLES}phrases/", f"{TABLES}runs/", f"{TABLES}sessions/"])
def test_a_table_shows_no_id_from_outside_no_code_and_no_key(
    worked: Study, coordinator_client: Client, alice: Visit, table: str
) -> None:
    text = coordinator_client.get(table).content.decode()
    for secret in (*alice.external_ids.values(), worked.completion_code, key_of(worked).decode()):
        assert secret not in text


@pytest.mark.parametrize("name", ["sessions", "assignments", "phrases", "runs"])
def test_a_table_reads_no_arrays(worked: Study, coordinator_client: Client, name: str) -> None:
    with CaptureQueriesContext(connection) as captured:
        get(coordinator_client, name)
    for array in ("predictions", "similarities", "text_embedding"):
        assert not [query for query in captured.captured_queries if f'"{array}"' in query["sql"]]


def test_a_page_is_bounded(worked: Study, coordinator_client: Client) -> None:
    assert len(get(coordinator_client, "phrases", page_size=1)["results"]) == 1


def test_a_phrase_leads_to_its_run(worked: Study, coordinator_client: Client, bob: Visit) -> None:
    (phrase,) = get(coordinator_client, "phrases", participant=bob.participant.pseudonym, state="scored")["results"]
    (run,) = get(coordinator_client, "runs", run=phrase["run"])["results"]
    assert (phrase["error_score"], phrase["null_level"]) == (0.5, null_level(15, 9, 1))
    assert (phrase["better_than_guessing"], phrase["vocabulary_level"]) == ("too_few_images", None)
    assert (phrase["tries"], phrase["sign"], run["sign"], run["worst_group_accuracy"]) == (1, 1, 1, 0.75)


@pytest.mark.parametrize(("level", "sign", "expected"), [(0.5, 1, "no"), (0.49, 1, "yes"), (0.49, -1, "no")])
def test_a_phrase_is_compared_with_common_words(
    worked: Study, coordinator_client: Client, bob: Visit, level: float, sign: int, expected: str
) -> None:
    words_scored(worked.tasks.get(), [level], negated=0.6)
    Score.objects.update(n_error=10, null_level=0.3, sign=sign)
    (phrase,) = get(coordinator_client, "phrases", participant=bob.participant.pseudonym, state="scored")["results"]
    assert (phrase["better_than_guessing"], phrase["vocabulary_level"]) == (expected, level if sign > 0 else 0.6)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_written(worked: Study, coordinator_client: Client, method: str) -> None:
    assert getattr(coordinator_client, method)(f"{TABLES}phrases/").status_code == 405


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        (f"{TABLES}phrases/?text=red", 400, "invalid"),
        (f"{TABLES}phrases/?task=one", 400, "invalid"),
        (f"{TABLES}phrases/?state=%00&format=csv", 400, "bad_request"),
        (f"{TABLES}phrases/?phrase=x", 400, "invalid"),
        (f"{TABLES}runs/?run=no-uuid", 400, "invalid"),
        (f"{TABLES}runs/?is_chosen=perhaps", 400, "invalid"),
        (f"{TABLES}phrases/?include=everything", 400, "invalid"),
        (f"{TABLES}summary/?include=rehearsals", 400, "invalid"),
        (f"{TABLES}summary/?best_phrase=red&format=csv", 400, "invalid"),
        (f"{TABLES}phrases/?page=99", 404, "not_found"),
        (f"{TABLES}passwords/", 404, "not_found"),
        (f"{TABLES}passwords/?format=csv", 404, "not_found"),
        (f"{TABLES}phrases/?format=xml", 404, "not_found"),
        (f"{TABLES}?page=1&task=1", 400, "invalid"),
        ("/api/v1/studies/elsewhere/tables/", 404, "not_found"),
        ("/api/v1/studies/sprites/releases/7/file/", 404, "not_found"),
        ("/api/v1/studies/sprites/releases/99999999999999999999/file/", 404, "not_found"),
    ],
)
def test_errors_have_the_one_shape_whatever_format_was_asked_for(
    worked: Study, coordinator_client: Client, address: str, status: int, code: str
) -> None:
    response = coordinator_client.get(address)
    assert response.status_code == status
    assert response["Content-Type"] == "application/json"
    assert response.json()["error"]["code"] == code
