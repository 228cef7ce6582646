"""The concepts page: what was said, merged, with its files."""

import csv
import io
import json

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import BaseModel, Study
from tests.support.actors import OVAL, SQUARE, create_study
from tests.support.analysis_studies import analyse
from tests.support.correcting import say, study_of_both
from worker.runs.run_training import train_due_runs


@pytest.fixture(scope="module")
def study(stored_base_model: BaseModel) -> Study:
    study = study_of_both(stored_base_model)
    say(study, "ann", {SQUARE: ["red", "red things", "<b>dark</b>"], OVAL: ["blue"]})
    say(study, "ben", {SQUARE: ["red", "=mossy"], OVAL: ["blue dots"]})
    train_due_runs()
    return analyse(study, draws="concept")


def page_of(client: Client, study: Study, query: str = "") -> str:
    answer = client.get(reverse("admin:annotations_study_concepts", args=[study.pk]) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_says_what_was_said_and_what_it_explains(study: Study, coordinator_client: Client) -> None:
    page = page_of(coordinator_client, study)
    assert "<bdi>red</bdi>" in page and "1. square" in page and "2. oval" in page
    assert "on images that had no part in choosing them" in page
    assert "&lt;b&gt;dark&lt;/b&gt;" in page and "<b>dark</b>" not in page
    assert page.count('class="chart wide') == page.count('class="chart narrow') == 4  # two of each task
    assert "style=" not in page.split('id="results"')[1]


@pytest.mark.parametrize("file", ["concepts.csv", "concepts_together.csv", "concept_map.csv"])
def test_every_table_is_a_file(study: Study, coordinator_client: Client, file: str) -> None:
    rows = list(csv.DictReader(io.StringIO(page_of(coordinator_client, study, f"?table={file}"))))
    assert {row["task"] for row in rows} == {"1", "2"}
    texts = {row.get("text") or row.get("name") for row in rows}
    assert "red" in texts and "=mossy" not in texts


def test_what_no_concept_selects_is_a_file(study: Study, coordinator_client: Client) -> None:
    rows = list(csv.DictReader(io.StringIO(page_of(coordinator_client, study, "?table=unnamed_errors.csv"))))
    assert [(row["task"], row["cluster"]) for row in rows] == [("1", "0"), ("2", "0")]
    assert all(len(json.loads(row["images"])) == int(row["n"]) for row in rows)


@pytest.mark.parametrize("key", ["concepts-together-1", "concept-map-2"])
def test_every_figure_is_a_file(study: Study, coordinator_client: Client, key: str) -> None:
    assert page_of(coordinator_client, study, f"?figure={key}").startswith("<svg")


@pytest.mark.parametrize("query", ["?table=phrases.csv", "?figure=concept-map-3"])
def test_what_is_not_there_is_not_found(study: Study, coordinator_client: Client, query: str) -> None:
    address = reverse("admin:annotations_study_concepts", args=[study.pk]) + query
    assert coordinator_client.get(address).status_code == 404


def test_a_study_without_people_says_so(stored_base_model: BaseModel, coordinator_client: Client) -> None:
    page = page_of(coordinator_client, analyse(create_study(stored_base_model, "nobody")))
    assert "No phrase has a score yet." in page and "<figure" not in page
