"""The concepts page of a study of a thousand classes: a page of them at a time."""

import csv
import io
import re
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotations.analysis.concepts import concept_figures
from annotations.models import Moderation, Phrase, Study
from tests.support.analysis_studies import analyse
from tests.support.many_classes import study_of_many_classes

MAX_QUERIES = 40


@pytest.fixture(scope="module")
def study(rows_of_the_module: None) -> Iterator[Study]:
    """Of three pages; the figures of the first two classes are drawn."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(concept_figures, "MAX_TASKS", 2)
        yield analyse(study_of_many_classes(25, n_people=1), draws="concept-map")


def opened(client: Client, study: Study, query: str = "") -> str:
    answer = client.get(reverse("admin:annotations_study_concepts", args=[study.pk]) + query)
    assert answer.status_code == 200
    text = answer.content.decode()
    return " ".join(text.split()) if answer["Content-Type"].startswith("text/html") else text


def test_only_the_classes_of_the_page_are_shown(study: Study, coordinator_client: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        page = opened(coordinator_client, study)
    assert len(queries) < MAX_QUERIES
    assert "25 tasks with a scored phrase, 1 to 10 here" in page
    assert "10. class 9 (" in page and "11. class 10 (" not in page


def test_a_later_page_and_its_figures_are_of_its_classes(study: Study, coordinator_client: Client) -> None:
    page = opened(coordinator_client, study, "?page=3")
    assert "25. class 24 (" in page and "Page 3 of 3" in page
    assert 'id="figure-concept-map-25"' in page and 'id="figure-concept-map-1"' not in page


def test_the_first_classes_have_figures_and_the_others_their_data(study: Study, coordinator_client: Client) -> None:
    page = opened(coordinator_client, study)
    shown = set(re.findall(r'data-vega="\?figure=concept-map-(\d+)&amp;layout=wide"', page))
    assert shown == {"1", "2"} and "It is not drawn here; its data are." in page
    assert page.count('aria-label="Data of Map of phrases"') == 10
    drawn = opened(coordinator_client, study, "?figure=concept-map-2")
    assert "2. class 1 (" in drawn and "1. class 0 (" not in drawn


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
    page = opened(coordinator_client, analyse(study))
    assert "7. class 6 (" in page and "20. class 19 (" in page and "1. class 0 (" not in page
    assert "23 more have no scored phrase." in page


def test_the_file_has_every_class(study: Study, coordinator_client: Client) -> None:
    rows = list(csv.DictReader(io.StringIO(opened(coordinator_client, study, "?table=concepts.csv"))))
    assert [int(row["task"]) for row in rows] == list(range(1, 26))
