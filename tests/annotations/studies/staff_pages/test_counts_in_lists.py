"""Lists of studies and people count what was done; pages of one study do not."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.support.actors import Visit
from tests.support.rows import add_phrase, add_run
from tests.support.views_pages import shown, tree

STUDIES = "admin:annotations_study_changelist"


def rows(client: Client, url: str) -> list[list[str]]:
    return [[shown(cell) for cell in row.select("th, td")] for row in tree(client.get(url)).select("tbody tr")]


@pytest.mark.parametrize("page", ["admin:index", STUDIES])
def test_a_list_of_studies_counts_people_phrases_and_retrainings(
    coordinator_client: Client, alice: Visit, bob: Visit, page: str
) -> None:
    add_run(add_phrase(alice, "red", 0.5), 0.5)
    add_phrase(bob, "blue", 0.5)
    (row,) = rows(coordinator_client, reverse(page))
    assert " ".join(row).count("2 0 2 1") == 1


def test_a_studys_own_page_does_not_count_what_lists_show(coordinator_client: Client, alice: Visit) -> None:
    with CaptureQueriesContext(connection) as captured:
        coordinator_client.get(reverse(STUDIES))
        n_of_the_list = sum('"n_phrases"' in query["sql"] for query in captured.captured_queries)
    with CaptureQueriesContext(connection) as captured:
        coordinator_client.get(reverse("admin:annotations_study_change", args=[alice.session.study.pk]))
    assert n_of_the_list == 1 and not any('"n_phrases"' in query["sql"] for query in captured.captured_queries)


def test_a_list_of_people_counts_and_sorts_by_phrases(coordinator_client: Client, alice: Visit, bob: Visit) -> None:
    add_phrase(bob, "blue", 0.5)
    people = f"{reverse('admin:annotations_annotationsession_changelist')}?o=-6"
    found = [(row[0], row[5]) for row in rows(coordinator_client, people)]
    assert found == [(str(bob.session.participant), "1"), (str(alice.session.participant), "0")]
