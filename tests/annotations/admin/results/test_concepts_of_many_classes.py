"""The concepts page of a study of a thousand classes: a page of them at a time, and nothing of the others computed."""

import csv
import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotations.admin.results.concepts_page import TASKS_AT_ONCE
from annotations.analysis.concepts import joint_coverage
from annotations.analysis.concepts.concept_tables import ConceptTables, concept_tables
from annotations.models import Moderation, Phrase, Study
from tests.annotations.analysis.many_classes import study_of_many_classes

MAX_QUERIES = 100


@pytest.fixture
def study(db: None) -> Study:
    """Of three pages."""
    return study_of_many_classes(25, n_people=1)


@pytest.fixture
def explained(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Of how many annotations it was asked what they explain together, one entry for each class."""
    asked: list[int] = []
    whole = joint_coverage.explain

    def counting(similarities: object, numbers: list[int], *rest: object) -> joint_coverage.Explained:
        asked.append(len(numbers))
        return whole(similarities, numbers, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(joint_coverage, "explain", counting)
    joint_coverage.explained.cache_clear()
    yield asked
    joint_coverage.explained.cache_clear()


def opened(client: Client, study: Study, query: str = "") -> str:
    answer = client.get(reverse("admin:annotations_study_concepts", args=[study.pk]) + query)
    assert answer.status_code == 200
    text = answer.getvalue().decode()
    return " ".join(text.split()) if answer["Content-Type"].startswith("text/html") else text


def test_only_the_classes_of_the_page_are_looked_at(db: None, explained: list[int], coordinator_client: Client) -> None:
    study = study_of_many_classes(1_000, n_people=1)
    with CaptureQueriesContext(connection) as queries:
        page = opened(coordinator_client, study)
    assert len(explained) == TASKS_AT_ONCE and len(queries) < MAX_QUERIES
    assert "1,000 tasks with a scored phrase, 1 to 10 here" in page
    assert "10. class 9 (" in page and "11. class 10 (" not in page
    opened(coordinator_client, study)
    assert len(explained) == TASKS_AT_ONCE  # it is kept


def test_a_later_page_and_its_figures_are_of_its_classes(study: Study, coordinator_client: Client) -> None:
    page = opened(coordinator_client, study, "?page=3")
    assert "25. class 24 (" in page and "Page 3 of 3" in page
    assert 'href="?figure=concept-map&amp;page=3"' in page
    drawn = opened(coordinator_client, study, "?figure=concept-map&page=3")
    assert "25. class 24 (" in drawn and "1. class 0 (" not in drawn


def test_a_class_is_found_by_its_name(study: Study, coordinator_client: Client) -> None:
    page = opened(coordinator_client, study, "?q=CLASS 1")
    assert "11 tasks with a scored phrase and “CLASS 1” in the class, 1 to 10 here" in page  # 1, and 10 to 19
    assert "2. class 1 (" in page and 'href="?q=CLASS%201&amp;page=2"' in page
    nothing = opened(coordinator_client, study, "?q=nobody")
    assert "0 tasks with a scored phrase and “nobody” in the class." in nothing and "<figure" not in nothing


def test_classes_of_which_nobody_said_anything_are_counted_and_not_shown(
    study: Study, coordinator_client: Client
) -> None:
    others = Phrase.objects.exclude(assignment__task__position__in=(7, 20))
    others.update(moderation=Moderation.EXCLUDED, moderation_reason="spam")
    page = opened(coordinator_client, study)
    assert "7. class 6 (" in page and "20. class 19 (" in page and "1. class 0 (" not in page
    assert "Of 23 more nobody has said anything that has a score." in page


@pytest.mark.django_db(transaction=True)  # a file has a snapshot of its own
def test_the_file_has_every_class(study: Study, coordinator_client: Client) -> None:
    rows = list(csv.DictReader(io.StringIO(opened(coordinator_client, study, "?table=concepts.csv"))))
    assert [int(row["task"]) for row in rows] == list(range(1, 26))


def in_between(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Something happens in another connection after the first tasks of a file were read."""

    def reading(study: Study, positions: list[int]) -> ConceptTables:
        if positions[0] > 1:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(happens).result()
        return concept_tables(study, positions)

    monkeypatch.setattr("annotations.admin.results.concepts_page.concept_tables", reading)


@pytest.mark.django_db(transaction=True)
def test_the_file_is_of_one_moment(study: Study, coordinator_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def exclude_all() -> None:
        try:
            Phrase.objects.update(moderation=Moderation.EXCLUDED, moderation_reason="spam")
        finally:
            connection.close()

    in_between(monkeypatch, exclude_all)
    rows = list(csv.DictReader(io.StringIO(opened(coordinator_client, study, "?table=concepts.csv"))))
    assert [int(row["task"]) for row in rows] == list(range(1, 26))
    assert not Phrase.objects.exclude(moderation=Moderation.EXCLUDED).exists()


@pytest.mark.django_db(transaction=True)
def test_an_error_while_the_file_is_written_is_no_file(
    study: Study, coordinator_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OSError("the disk is gone")

    in_between(monkeypatch, fail)
    coordinator_client.raise_request_exception = False
    address = reverse("admin:annotations_study_concepts", args=[study.pk]) + "?table=concepts.csv"
    assert coordinator_client.get(address).status_code == 500
