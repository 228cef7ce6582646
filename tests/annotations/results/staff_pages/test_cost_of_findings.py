"""What a study paid for what it found: in a sentence and a file of the results page, for those who see payments."""

import csv
import io
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotations.analysis.tables.measure_columns import Counted, TaskNovelty
from annotations.analysis.tables.saturation_tables import novelty
from annotations.models import Role, Study, StudyMember, Submission
from annotations.results.staff_pages.results_page import Cost, cost, cost_sentence
from tests.support.analysis_studies import analyse
from tests.support.prolific_steps import THERE, arrive


@pytest.mark.parametrize(
    ("cost", "told"),
    [
        (
            Cost("GBP", 4_600, 400, None, 23, 8),
            "50.00 GBP was paid: 2.17 for each of 23 people, 6.25 for each of 8 ideas that are better than guessing.",
        ),
        (
            Cost("GBP", 4_600, 400, None, 23, 8, by_chance=3.64),
            "50.00 GBP was paid: 2.17 for each of 23 people, 6.25 for each of 8 ideas that are better than guessing "
            "(as many random common words would bring about 3.6).",
        ),
        (
            Cost("EUR", 300, 0, 100, 1, 1),
            "4.00 EUR was paid with Prolific’s fee: 4.00 for each of 1 person, 4.00 for the one idea that is better "
            "than guessing.",
        ),
        (Cost("GBP", 600, 0, None, 2, None), "6.00 GBP was paid: 3.00 for each of 2 people."),
        (Cost("GBP", 600, 0, None, 2, 0), "6.00 GBP was paid: 3.00 for each of 2 people."),
        (Cost("GBP", 0, 0, None, 0, 3), ""),
        (
            Cost("GBP", 300, 0, None, 1, 8, unpaid=23),
            "3.00 GBP was paid: 3.00 for each of 1 person. What an idea costs is told once the rewards of 23 people "
            "more are settled.",
        ),
    ],
)
def test_the_sentence(cost: Cost, told: str) -> None:
    assert cost_sentence(cost) == told


def test_a_finding_costs_what_was_paid_over_the_distinct_ideas_of_all_tasks(paid: Study) -> None:
    named = [[{"red", "dark"}, {"red"}, set()], [{"blue"}, {"red"}, {"blue", "striped"}]]
    rows = [
        TaskNovelty(task, novelty([frozenset(ideas) for ideas in people]), 0.1, Counted.BETTER, by_chance=0.25 * task)
        for task, people in enumerate(named, 1)
    ]
    tables: Any = SimpleNamespace(novelty=SimpleNamespace(rows=rows))
    [of] = cost(paid, tables).rows
    planted = sum(len(set.union(*people)) for people in named)
    assert (of.findings, of.total, of.per_finding) == (planted, 600, round(600 / planted))
    assert of.by_chance == 0.75
    rows[1] = replace(rows[1], counted=Counted.ALL)  # what is better than guessing cannot be told of one task
    [untold] = cost(paid, tables).rows
    assert (untold.findings, untold.by_chance) == (None, None)


@pytest.fixture
def paid(open_study: Study) -> Study:
    open_study.external_study_id, open_study.reward_cents = THERE, 300
    open_study.save(update_fields=["external_study_id", "reward_cents"])
    for name in ("anna", "bert"):
        arrive(open_study, name, consents=False)
    Submission.objects.update(status="APPROVED")
    return analyse(open_study)


def test_coordinators_see_it_and_have_it_as_a_file(coordinator_client: Client, paid: Study) -> None:
    address = f"/admin/annotations/study/{paid.pk}/results/"
    assert "6.00 GBP was paid: 3.00 for each of 2 people." in coordinator_client.get(address).content.decode()
    text = coordinator_client.get(f"{address}?table=costs.csv").content.decode()
    row = next(csv.DictReader(io.StringIO(text)))
    assert (row["rewards"], row["total"], row["people"], row["findings"]) == ("600", "600", "2", "")


def test_analysts_who_do_not_see_payments_do_not_see_it(paid: Study) -> None:
    analyst = User.objects.create_user("analyst", is_staff=True)
    StudyMember.objects.create(study=paid, user=analyst, role=Role.ANALYST)
    client = Client()
    client.force_login(analyst)
    address = f"/admin/annotations/study/{paid.pk}/results/"
    assert "was paid" not in client.get(address).content.decode()
    assert client.get(f"{address}?table=costs.csv").status_code == 404
